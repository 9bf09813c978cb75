// From the trail of packets to times: the index of frames, rates, groups of pictures.
#pragma once

#include <optional>

#include "media/probe/head_decode.h"
#include "media/probe/packets.h"

namespace vf::media {

// The largest hole between two frames.
struct Gap {
  double at_seconds = 0;
  double seconds = 0;
};

struct FrameTiming {
  VideoIndex index;
  bool variable_rate = false;
  double measured_rate = 0;      // frames per second over the whole; 0 = fewer than two frames
  std::int64_t repeated = 0;     // frames with the time of another one
  std::optional<Gap> gap;        // longer than a second and than five usual frames
  std::int64_t undecodable = 0;  // frames before the first key frame that no decoder shows
};

// Sorts the trail into an index. `head`: what decoding the first packets showed; where that is known,
// frames before the first key frame's time that did not come out are left out of the index.
FrameTiming time_frames(FrameTrail&& trail, const AVStream* stream, const HeadDecode* head);

// The GOP structure by the index; `closed` and parameter sets come from the trail.
void measure_gops(const FrameTiming& timing, GopInfo& gop);

}  // namespace vf::media
