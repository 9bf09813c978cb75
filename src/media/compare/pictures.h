// Pairs of pictures to look at: a, b, and how far the luma of b is from that of a, eight times as bright.
#pragma once

#include <span>
#include <vector>

#include "media/compare/chunk.h"

namespace vf::media::compare {

// Where the JPEGs of one pair go.
struct PairOutputs {
  int a = -1;
  int b = -1;
  int difference = -1;
};

// What was compared, in pixels; the JPEGs may be smaller. 0: one side does not decode, nothing was written.
struct PairPictures {
  int width = 0;
  int height = 0;
};
BOOST_DESCRIBE_STRUCT(PairPictures, (), (width, height))

// One result for each pair of `spec`, in order; all share one decode of each video. No JPEG is wider than
// `max_width`.
Result<std::vector<PairPictures>> picture_pairs(int fd_a, int fd_b, const PairSpec& spec, int max_width,
                                                std::span<const PairOutputs> outputs);

}  // namespace vf::media::compare
