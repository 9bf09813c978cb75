// Compares pairs of pictures of two videos, decoding each video once for a whole run of pairs.
//
// Where both are alike in size, format, colours and rotation, the decoded samples themselves are
// compared. Otherwise both go through the chain of pictures (upright, square pixels, SDR tone-mapped
// alike) to one size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/scale/picture_spec.h"

namespace vf::media::compare {

struct SideSpec {
  int stream_index = 0;
  Rational time_base;
  PictureSpec picture;
  std::vector<std::int64_t> ticks;  // of the pictures to compare, ascending
};
BOOST_DESCRIBE_STRUCT(SideSpec, (), (stream_index, time_base, picture, ticks))

struct PairSpec {
  SideSpec a;  // the reference
  SideSpec b;
  std::optional<Target> target;  // what both are made into; empty: compared as they are decoded
};
BOOST_DESCRIBE_STRUCT(PairSpec, (), (a, b, target))

struct PairResult {
  std::int64_t compared = 0;
  // Pairs of which one did not decode, or that are not of one shape (ticks of a and of b).
  std::vector<std::int64_t> missing_a;
  std::vector<std::int64_t> missing_b;
  std::int64_t unlike = 0;
  int planes = 0;
  int depth = 0;
  int width = 0;
  int height = 0;
};
BOOST_DESCRIBE_STRUCT(PairResult, (), (compared, missing_a, missing_b, unlike, planes, depth, width, height))

// Appends PairRecords to `out_fd`.
Result<PairResult> compare_pairs(int fd_a, int fd_b, const PairSpec& spec, int out_fd,
                                 const std::function<void(double)>& progress = {});

}  // namespace vf::media::compare
