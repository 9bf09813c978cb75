// Which frames of a video are wanted, as a stage is told: exact frames of the source's index.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"

namespace vf::media::stills {

struct FrameList {
  std::vector<std::int64_t> index;  // of the frame among all frames shown, from 0; ascending
  std::vector<std::int64_t> ticks;  // when it is shown, of the stream's time base
  std::vector<std::int64_t> keys;   // which of `index` are key frames
  // Positions in `index` at which reading goes to another place of the file: between two of them frames
  // are decoded one after the other. The first is 0.
  std::vector<std::int64_t> runs;
};
BOOST_DESCRIBE_STRUCT(FrameList, (), (index, ticks, keys, runs))

}  // namespace vf::media::stills
