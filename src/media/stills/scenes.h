// Where scenes begin: how much every frame differs from the one before it, and what of that is a cut.
//
// A frame's signature is the mean brightness of 16 x 9 tiles. A cut is a frame whose signature differs
// from the one before by at least kCutDifference of the range on average, and by kCutContrast times as
// much as its neighbours do from theirs: fast motion differs for many frames, a cut for one.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/stills/frame_list.h"

namespace vf::media::stills {

inline constexpr double kCutDifference = 0.06;  // of the range from black to white
inline constexpr double kCutContrast = 2.5;
inline constexpr int kCutNeighbours = 4;  // frames on each side that tell how much moves

struct ScenesSpec {
  int stream_index = 0;
  FrameList frames;  // all frames of a part of the film
};
BOOST_DESCRIBE_STRUCT(ScenesSpec, (), (stream_index, frames))

// Signatures of the frames that decoded, 288 hexadecimal digits each, in the order of the list.
struct Signatures {
  std::vector<std::int64_t> index;  // of the frame among all frames shown
  std::string digits;
};
BOOST_DESCRIBE_STRUCT(Signatures, (), (index, digits))

Result<Signatures> read_signatures(int fd, const ScenesSpec& spec, const std::function<void(double)>& progress);

// The frames at which scenes begin; the first frame is one. `parts` in order. Errors: internal.
Result<std::vector<std::int64_t>> find_scenes(std::span<const Signatures> parts);

}  // namespace vf::media::stills
