// What one finished file is made of, as plain data: the parameters of the stage `mux`.
//
// Times named ticks are of `time_base`, on the clock of the source. `origin` becomes time 0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rational.h"
#include "media/probe/media_info.h"

namespace vf::media::mux {

// A stretch of a cut video, in the order of the result.
struct Run {
  bool copy = true;          // packets of the source; else those of the edge in `input`
  int input = 0;             // which of the stage's inputs holds the edge
  std::int64_t first = 0;    // copy: presentation time of the key frame it begins with
  std::int64_t until = 0;    // copy: presentation time of the packet in decode order at which it ends
  bool fresh_start = false;  // copy: a decoder must forget what came before (open groups of pictures)
};
BOOST_DESCRIBE_STRUCT(Run, (), (copy, input, first, until, fresh_start))

enum class TrackFrom {
  source,  // packets of the source's stream, cut to the range
  runs,    // the source's main video, cut
  track,   // a track of our own: header and chunks, in the inputs named below
  text,    // WebVTT of our own, in the input named below
};
BOOST_DESCRIBE_ENUM(TrackFrom, source, runs, track, text)

struct MuxTrack {
  TrackFrom from = TrackFrom::source;
  int stream = -1;  // of the source: whose language, title and marks it takes over; -1: nobody's
  std::vector<Run> runs;
  int first_input = 0;  // track, text: where its parts stand among the stage's inputs
  int inputs = 0;
  std::string text_codec;  // text: "mov_text", "subrip" or "webvtt"
  std::string language;    // in place of the source's, where it is not empty
};
BOOST_DESCRIBE_STRUCT(MuxTrack, (), (from, stream, runs, first_input, inputs, text_codec, language))

struct MuxSpec {
  std::string container;  // a name of containers.h
  Rational time_base;
  std::int64_t origin = 0;
  std::int64_t end = 0;  // of the range; INT64_MAX: the source's end
  Rational speed{1, 1};  // all times but those of sound are divided by it
  std::vector<MuxTrack> tracks;
  std::vector<ChapterInfo> chapters;  // of the result
};
BOOST_DESCRIBE_STRUCT(MuxSpec, (), (container, time_base, origin, end, speed, tracks, chapters))

struct MuxedTrack {
  std::string kind;
  std::string codec;
  std::int64_t packets = 0;
  std::int64_t bytes = 0;    // of its packets
  double first_seconds = 0;  // earliest presentation time that was written; may lie before 0 where an edit list cuts
};
BOOST_DESCRIBE_STRUCT(MuxedTrack, (), (kind, codec, packets, bytes, first_seconds))

struct MuxResult {
  std::int64_t bytes = 0;
  std::vector<MuxedTrack> tracks;
  std::vector<Warning> warnings;
};
BOOST_DESCRIBE_STRUCT(MuxResult, (), (bytes, tracks, warnings))

}  // namespace vf::media::mux
