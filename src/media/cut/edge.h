// One edge of a cut: the pictures between a cut and the nearest key frame, encoded anew with the
// parameters of the source, so that the packets between the edges can be copied as they are.
//
// What must agree for one decoder to play it all: codec, size, pixel format, colour, sample aspect,
// interlacing; profile at most the source's. Parameter sets differ, so H.264 gets identifiers of its own
// (both sets stand in the file's header) and HEVC has them in front of every key frame.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/probe/media_info.h"

namespace vf::media::cut {

// Times are ticks of the source stream's time base.
struct EdgeSpec {
  int stream_index = 0;
  Rational time_base;
  std::int64_t start_ticks = 0;  // pictures with start <= pts < end
  std::int64_t end_ticks = 0;
  Rational frame_rate{0, 1};
  std::string codec;      // h264, hevc, vp9, av1
  std::string profile;    // of libx264: baseline, main, high ...; empty: what the pixels need
  bool reorder = true;    // the source has B-frames, so the edges may
  int parameter_set = 0;  // H.264: identifier of the edges' SPS and PPS
  std::optional<HdrMetadata> mastering;
};
BOOST_DESCRIBE_STRUCT(EdgeSpec, (),
                      (stream_index, time_base, start_ticks, end_ticks, frame_rate, codec, profile, reorder,
                       parameter_set, mastering))

// A packet of the edge; payloads stand in the blob one after the other.
struct EdgePacket {
  std::int64_t pts = 0;
  std::int64_t size = 0;
  bool key = false;
};
BOOST_DESCRIBE_STRUCT(EdgePacket, (), (pts, size, key))

struct EdgeResult {
  std::vector<EdgePacket> packets;  // in decode order
  std::string parameter_sets;       // hexadecimal; H.264 and HEVC: Annex B
};
BOOST_DESCRIBE_STRUCT(EdgeResult, (), (packets, parameter_sets))

// Decodes and encodes; appends the payloads to `out_fd`. Errors: as VideoReader; unsupported_input
// (the encoder does not take such pictures), invalid_input (nothing in the range decodes).
Result<EdgeResult> encode_edge(int source_fd, const EdgeSpec& spec, int out_fd,
                               const std::function<void(double)>& progress = {});

// Why edges of this stream cannot be encoded to match, in words; nothing where they can.
std::optional<std::string> why_not_matched(const StreamInfo& stream);

// libx264's name for a profile as libav names it; empty where it needs none.
std::string encoder_profile(std::string_view codec, const std::string& profile);

}  // namespace vf::media::cut
