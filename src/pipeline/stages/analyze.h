// Stage `analyze`: what the measurements of pictures, sound and packets say about the whole film.
//   inputs  `probe` with its index; `analyze-packets`; `analyze-video` of every chunk, in order, with its
//           records; `analyze-sound` of every track
//   output  AnalyzeResult as JSON
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "media/analysis/findings.h"
#include "media/analysis/packets.h"

namespace vf::pipeline {

struct AnalyzePacketsParams {};
BOOST_DESCRIBE_STRUCT(AnalyzePacketsParams, (), ())

struct AnalyzeParams {
  media::analysis::VideoFacts facts;
  int chunks = 0;                  // of video
  std::vector<int> sound_streams;  // stream indices, in the order of the inputs
};
BOOST_DESCRIBE_STRUCT(AnalyzeParams, (), (facts, chunks, sound_streams))

// Times are seconds from the origin in AnalyzeParams::facts.
struct AnalyzedSound {
  int stream = 0;
  media::analysis::SoundResult sound;
  std::optional<double> start_offset_ms;  // sound against picture: positive = the sound begins later
  std::optional<double> end_offset_ms;
};
BOOST_DESCRIBE_STRUCT(AnalyzedSound, (), (stream, sound, start_offset_ms, end_offset_ms))

struct AnalyzeResult {
  std::optional<media::analysis::VideoFindings> video;
  std::vector<AnalyzedSound> audio;
  std::vector<media::analysis::StreamBits> bits;
  std::vector<std::string> failures;  // sentences: what could not be looked at
};
BOOST_DESCRIBE_STRUCT(AnalyzeResult, (), (video, audio, bits, failures))

// What the stage has to say besides its output: that it wrote one.
struct AnalyzeSummary {
  std::int64_t frames = 0;
};
BOOST_DESCRIBE_STRUCT(AnalyzeSummary, (), (frames))

}  // namespace vf::pipeline
