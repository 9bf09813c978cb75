// The scores of every pair of pictures: what the summary and the curves of `compare` are made of.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace vf::media::compare {

// Planes are Y, Cb, Cr; fourth, all of them weighted by their samples.
struct PairRecord {
  std::int64_t a_ticks = 0;
  std::int64_t b_ticks = 0;
  std::array<double, 4> mse = {};
  std::array<double, 4> ssim = {};
};
static_assert(std::is_trivially_copyable_v<PairRecord> && sizeof(PairRecord) == 80);

// A chunk's records as one blob, in this machine's own byte order: blobs of stages never leave it.
Result<void> write_pairs(int fd, const std::vector<PairRecord>& pairs);
Result<std::vector<PairRecord>> read_pairs(int fd);

}  // namespace vf::media::compare
