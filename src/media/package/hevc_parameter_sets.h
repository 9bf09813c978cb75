// What slice headers need of HEVC's parameter sets (ITU-T H.265 7.3.2). Internal to media/package.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/error.h"
#include "media/package/slice_header.h"

namespace vf::media {

// Ceil(Log2(n)), the width of many fixed-length codes.
inline int bits_for(std::uint32_t n) { return n <= 1 ? 0 : std::bit_width(n - 1); }

// A short-term reference picture set: distances in output order and whether the picture is used.
struct HevcReference {
  std::int32_t delta = 0;
  bool used = false;
};
struct HevcReferenceSet {
  std::vector<HevcReference> before;
  std::vector<HevcReference> after;
  std::size_t size() const { return before.size() + after.size(); }
  int used() const {
    const auto count = [](const auto& set) { return std::ranges::count(set, true, &HevcReference::used); };
    return static_cast<int>(count(before) + count(after));
  }
};

struct HevcSps {
  bool separate_planes = false;
  bool has_chroma = true;
  int poc_bits = 0;
  int address_bits = 0;
  bool sao = false;
  bool long_term = false;
  std::vector<bool> long_term_used;
  bool temporal_mvp = false;
  std::vector<HevcReferenceSet> sets;
};

struct HevcPps {
  std::uint32_t sps = 0;
  bool dependent_slices = false;
  bool output_flag = false;
  int extra_bits = 0;
  bool cabac_init = false;
  std::uint32_t references[2] = {1, 1};
  bool chroma_qp_offsets = false;
  bool chroma_qp_lists = false;
  bool weighted = false;
  bool weighted_bi = false;
  bool entry_points = false;
  bool filter_across_slices = false;
  bool deblocking_override = false;
  bool deblocking_off = false;
  bool list_changes = false;
  bool extension = false;
};

// 7.3.7; `sets` are those of the SPS, `index` is their count for the one in a slice header.
HevcReferenceSet read_hevc_reference_set(BitReader& r, const std::vector<HevcReferenceSet>& sets, std::size_t index,
                                         bool in_slice);

// A parameter set and its id. Errors: invalid_input.
Result<std::pair<std::uint32_t, HevcSps>> read_hevc_sps(ByteView nal);
Result<std::pair<std::uint32_t, HevcPps>> read_hevc_pps(ByteView nal);

}  // namespace vf::media
