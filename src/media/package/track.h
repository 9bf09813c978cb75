// The shape of a track on its way from an encoder to a manifest.
//
// A track chunk is a blob of CMAF fragments (moof + mdat per segment, ISO/IEC 23000-19) and this
// description of it. Fragments carry absolute decode times, so that the chunks of a track joined in
// order, behind a header, are the finished file: nothing is rewritten.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rational.h"
#include "media/probe/media_info.h"

namespace vf::media {

enum class TrackKind { video, audio };
BOOST_DESCRIBE_ENUM(TrackKind, video, audio)

// What every chunk of a track must agree on, and the header says.
struct TrackFormat {
  TrackKind kind = TrackKind::video;
  std::string codec;         // "h264", "hevc", "av1", "vp9", "aac", "opus"
  std::string codecs;        // RFC 6381: "avc1.640028"
  std::string sample_entry;  // the box inside `stsd` (ISO/IEC 14496-12 8.5.2), base64
  int timescale = 0;         // ticks per second
  int width = 0;             // video: coded samples
  int height = 0;
  Rational sample_aspect{1, 1};
  Rational frame_rate;              // nominal, for manifests; 0/1 = unknown
  std::string video_range = "SDR";  // HLS VIDEO-RANGE: SDR, PQ or HLG
  int sample_rate = 0;              // audio
  int channels = 0;
  friend bool operator==(const TrackFormat&, const TrackFormat&) = default;
};
BOOST_DESCRIBE_STRUCT(TrackFormat, (),
                      (kind, codec, codecs, sample_entry, timescale, width, height, sample_aspect, frame_rate,
                       video_range, sample_rate, channels))

// One fragment (moof + mdat).
struct Segment {
  std::int64_t offset = 0;       // bytes from the start of the chunk's blob
  std::int64_t size = 0;         // bytes
  std::int64_t start = 0;        // first presentation time, ticks of the track's timescale
  std::int64_t duration = 0;     // ticks
  std::int64_t media_bytes = 0;  // without moof and box headers
  int frames = 0;
};
BOOST_DESCRIBE_STRUCT(Segment, (), (offset, size, start, duration, media_bytes, frames))

struct TrackChunk {
  TrackFormat format;
  std::int64_t start = 0;     // ticks: decode time of the first sample
  std::int64_t duration = 0;  // ticks: the next chunk starts at start + duration
  std::int64_t frames = 0;    // samples in the container's sense
  std::int64_t priming = 0;   // ticks to cut from the track's start (audio encoder delay); first chunk
  std::vector<Segment> segments;
  std::vector<std::int64_t> second_bytes;  // media bytes per second of presentation, from the chunk's start
  std::vector<Warning> warnings;           // what was repaired or lost on the way
};
BOOST_DESCRIBE_STRUCT(TrackChunk, (), (format, start, duration, frames, priming, segments, second_bytes, warnings))

}  // namespace vf::media
