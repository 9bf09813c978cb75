// An EBU R128 meter (libebur128) for a channel layout as libav describes it. Internal to media.
#pragma once

#include <memory>

#include <ebur128.h>

extern "C" {
struct AVChannelLayout;
}

namespace vf::media {

struct MeterFree {
  void operator()(ebur128_state* state) const;
};
using MeterPtr = std::unique_ptr<ebur128_state, MeterFree>;

// For integrated, momentary and short-term loudness, range and true peak. Null for layouts and rates that
// libebur128 does not take, and where there is no memory.
MeterPtr make_meter(const AVChannelLayout& layout, int sample_rate);

}  // namespace vf::media
