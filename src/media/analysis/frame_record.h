// What is measured of every picture: one small record each, so that those of a long film fit into
// memory, and everything that lasts longer than a picture is found from them afterwards.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace vf::media::analysis {

enum class Fields : std::uint8_t { unknown, progressive, top_first, bottom_first };

struct FrameRecord {
  std::int64_t pts = 0;   // ticks of the stream
  float black_share = 0;  // of the luma samples: at most the black threshold, 0 to 1
  // Mean absolute difference of all samples to the picture before, or, within a still passage, to its
  // first picture; of the full scale, 0 to 1. Below 0: there was none to compare with.
  float difference = -1;
  // The rectangle that is brighter than the crop threshold, inclusive; right < left: none.
  std::uint16_t left = 1, top = 1, right = 0, bottom = 0;
  std::uint16_t width = 0, height = 0;
  Fields fields = Fields::unknown;
  std::uint8_t still = 0;     // 1: not more than noise away from what `difference` compares with
  std::uint8_t damaged = 0;   // 1: the decoder says that the picture is damaged
  std::uint8_t boundary = 0;  // 1: the next chunk's first picture; only the comparisons count
  std::uint32_t errors = 0;   // packets lost on the way to this picture
};
static_assert(std::is_trivially_copyable_v<FrameRecord> && sizeof(FrameRecord) == 40);

// A chunk's records as one blob, in this machine's own byte order: blobs of stages never leave it.
Result<void> write_records(int fd, const std::vector<FrameRecord>& records);
Result<std::vector<FrameRecord>> read_records(int fd);

}  // namespace vf::media::analysis
