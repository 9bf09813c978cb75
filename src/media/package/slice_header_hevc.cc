#include <algorithm>
#include <bit>
#include <map>
#include <vector>

#include "media/package/slice_header.h"

namespace vf::media {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::invalid_input, "The video's coded pictures cannot be read for encryption.", std::string(what));
}

// Ceil(Log2(n)), the width of many fixed-length codes.
int bits_for(std::uint32_t n) { return n <= 1 ? 0 : std::bit_width(n - 1); }

// A short-term reference picture set: distances in output order and whether the picture is used.
struct Reference {
  std::int32_t delta = 0;
  bool used = false;
};
struct ReferenceSet {
  std::vector<Reference> before;
  std::vector<Reference> after;
  std::size_t size() const { return before.size() + after.size(); }
  int used() const {
    const auto count = [](const auto& set) { return std::ranges::count(set, true, &Reference::used); };
    return static_cast<int>(count(before) + count(after));
  }
};

struct Sps {
  bool separate_planes = false;
  bool has_chroma = true;
  int poc_bits = 0;
  int address_bits = 0;
  bool sao = false;
  bool long_term = false;
  std::vector<bool> long_term_used;
  bool temporal_mvp = false;
  std::vector<ReferenceSet> sets;
};

struct Pps {
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
ReferenceSet read_reference_set(BitReader& r, const std::vector<ReferenceSet>& sets, std::size_t index, bool in_slice) {
  ReferenceSet out;
  if (index == 0 || !r.bit()) {
    const auto before = r.ue();
    const auto after = r.ue();
    for (std::int32_t i = 0, delta = 0; i < static_cast<std::int32_t>(std::min(before, 16u)) && r.ok(); ++i) {
      delta -= static_cast<std::int32_t>(r.ue() & 0xffff) + 1;
      out.before.push_back({delta, r.bit() != 0});
    }
    for (std::int32_t i = 0, delta = 0; i < static_cast<std::int32_t>(std::min(after, 16u)) && r.ok(); ++i) {
      delta += static_cast<std::int32_t>(r.ue() & 0xffff) + 1;
      out.after.push_back({delta, r.bit() != 0});
    }
    return out;
  }
  // Predicted from an earlier set: its distances shifted (7-61, 7-62).
  const auto back = (in_slice ? r.ue() : 0) + 1;
  const bool negative = r.bit();
  const auto shift = static_cast<std::int32_t>(r.ue() & 0xffff) + 1;
  const auto delta_rps = negative ? -shift : shift;
  const auto& from = sets[index - std::min<std::size_t>(back, index)];
  std::vector<Reference> all = from.before;
  all.insert(all.end(), from.after.begin(), from.after.end());
  all.push_back({0, false});
  for (const auto& reference : all) {
    const bool used = r.bit();
    const bool kept = used || r.bit();
    const auto delta = reference.delta + delta_rps;
    if (kept && delta < 0) out.before.push_back({delta, used});
    if (kept && delta > 0) out.after.push_back({delta, used});
  }
  return out;
}

// 7.3.4
void skip_scaling_lists(BitReader& r) {
  for (int size = 0; size < 4; ++size) {
    for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (!r.bit()) {
        r.ue();
        continue;
      }
      if (size > 1) r.se();
      for (int i = 0; i < std::min(64, 1 << (4 + 2 * size)) && r.ok(); ++i) r.se();
    }
  }
}

// 7.3.3
void skip_profile_tier_level(BitReader& r, int sub_layers) {
  r.skip(96);
  bool profile[8] = {};
  bool level[8] = {};
  for (int i = 0; i < sub_layers; ++i) {
    profile[i] = r.bit();
    level[i] = r.bit();
  }
  if (sub_layers > 0) r.skip(2 * (8 - sub_layers));
  for (int i = 0; i < sub_layers; ++i) r.skip((profile[i] ? 88 : 0) + (level[i] ? 8 : 0));
}

// 7.3.2.2.1 up to what slice headers need
Result<std::pair<std::uint32_t, Sps>> read_sps(ByteView nal) {
  BitReader r(nal);
  Sps sps;
  r.skip(16 + 4);
  const int sub_layers = static_cast<int>(r.bits(3));
  r.skip(1);
  skip_profile_tier_level(r, sub_layers);
  const auto id = r.ue();
  const auto chroma = r.ue();
  if (chroma == 3) sps.separate_planes = r.bit();
  sps.has_chroma = chroma != 0 && !sps.separate_planes;
  const auto width = r.ue();
  const auto height = r.ue();
  if (r.bit()) {
    for (int i = 0; i < 4; ++i) r.ue();
  }
  r.ue();
  r.ue();
  sps.poc_bits = r.small_ue() + 4;
  for (int i = r.bit() ? 0 : sub_layers; i <= sub_layers; ++i) {
    for (int k = 0; k < 3; ++k) r.ue();
  }
  const auto block_bits = r.small_ue() + 3 + r.small_ue();
  for (int i = 0; i < 4; ++i) r.ue();
  if (r.bit() && r.bit()) skip_scaling_lists(r);
  r.skip(1);
  sps.sao = r.bit();
  if (r.bit()) {
    r.skip(8);
    r.ue();
    r.ue();
    r.skip(1);
  }
  const auto sets = r.ue();
  if (!r.ok() || sets > 64 || block_bits > 6 || sps.poc_bits > 16 || width > 65'536 || height > 65'536)
    return damaged("SPS");
  for (std::size_t i = 0; i < sets; ++i) sps.sets.push_back(read_reference_set(r, sps.sets, i, false));
  sps.long_term = r.bit();
  if (sps.long_term) {
    const auto count = r.ue();
    if (count > 32) return damaged("SPS: long-term pictures");
    for (std::uint32_t i = 0; i < count; ++i) {
      r.skip(sps.poc_bits);
      sps.long_term_used.push_back(r.bit());
    }
  }
  sps.temporal_mvp = r.bit();
  if (!r.ok()) return damaged("SPS: cut off");
  const auto blocks = [&](std::uint32_t samples) { return (samples + (1u << block_bits) - 1) >> block_bits; };
  sps.address_bits = bits_for(blocks(width) * blocks(height));
  return std::pair{id, std::move(sps)};
}

// 7.3.2.3.1
Result<std::pair<std::uint32_t, Pps>> read_pps(ByteView nal) {
  BitReader r(nal);
  Pps pps;
  r.skip(16);
  const auto id = r.ue();
  pps.sps = r.ue();
  pps.dependent_slices = r.bit();
  pps.output_flag = r.bit();
  pps.extra_bits = static_cast<int>(r.bits(3));
  r.skip(1);
  pps.cabac_init = r.bit();
  for (auto& count : pps.references) count = r.ue() + 1;
  r.se();
  r.skip(1);
  const bool transform_skip = r.bit();
  if (r.bit()) r.ue();
  r.se();
  r.se();
  pps.chroma_qp_offsets = r.bit();
  pps.weighted = r.bit();
  pps.weighted_bi = r.bit();
  r.skip(1);
  const bool tiles = r.bit();
  pps.entry_points = (r.bit() != 0) || tiles;
  if (tiles) {
    const auto columns = r.ue();
    const auto rows = r.ue();
    if (!r.bit()) {
      for (std::uint64_t i = 0; i < std::uint64_t{columns} + rows && r.ok(); ++i) r.ue();
    }
    r.skip(1);
  }
  pps.filter_across_slices = r.bit();
  if (r.bit()) {
    pps.deblocking_override = r.bit();
    pps.deblocking_off = r.bit();
    if (!pps.deblocking_off) {
      r.se();
      r.se();
    }
  }
  if (r.bit()) skip_scaling_lists(r);
  pps.list_changes = r.bit();
  r.ue();
  pps.extension = r.bit();
  if (r.bit()) {
    const bool range_extension = r.bit();
    r.skip(7);
    if (range_extension) {
      if (transform_skip) r.ue();
      r.skip(1);
      pps.chroma_qp_lists = r.bit();
    }
  }
  if (!r.ok()) return damaged("PPS");
  return std::pair{id, pps};
}

class HevcSliceHeaders : public SliceHeaders {
 public:
  Result<void> read_config(ByteView config);
  Result<std::optional<std::size_t>> clear_bytes(ByteView nal) const override;

 private:
  std::map<std::uint32_t, Sps> sps_;
  std::map<std::uint32_t, Pps> pps_;
};

// ISO/IEC 14496-15 8.3.3.1.2
Result<void> HevcSliceHeaders::read_config(ByteView config) {
  ByteReader r(config);
  r.skip(21);
  length_size_ = (r.u8() & 3) + 1;
  int arrays = r.u8();
  while (arrays-- > 0) {
    const int type = r.u8() & 63;
    int count = r.u16();
    while (count-- > 0) {
      const auto size = r.u16();
      if (!r.ok() || size > r.left()) return damaged("hvcC: cut off");
      const auto nal = config.subspan(config.size() - r.left(), size);
      r.skip(size);
      if (type == 33) {
        auto [id, sps] = VF_TRY(read_sps(nal));
        sps_[id] = std::move(sps);
      }
      if (type == 34) {
        const auto [id, pps] = VF_TRY(read_pps(nal));
        pps_[id] = pps;
      }
    }
  }
  if (!r.ok() || sps_.empty() || pps_.empty() || length_size_ == 3) return damaged("hvcC: no parameter sets");
  return {};
}

// The reference pictures of the slice; returns how many the current picture may use.
int read_references(BitReader& r, const Sps& sps, bool& temporal_mvp) {
  r.skip(sps.poc_bits);
  int used = 0;
  if (!r.bit()) {
    used = read_reference_set(r, sps.sets, sps.sets.size(), true).used();
  } else {
    const auto index = r.bits(bits_for(static_cast<std::uint32_t>(sps.sets.size())));
    if (index < sps.sets.size()) used = sps.sets[index].used();
  }
  if (sps.long_term) {
    const auto known = static_cast<std::uint32_t>(sps.long_term_used.size());
    const auto from_sps = known > 0 ? r.ue() : 0;
    const auto count = std::uint64_t{from_sps} + r.ue();
    for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
      if (i < from_sps) {
        const auto index = r.bits(bits_for(known));
        used += index < known && sps.long_term_used[index] ? 1 : 0;
      } else {
        r.skip(sps.poc_bits);
        used += static_cast<int>(r.bit());
      }
      if (r.bit()) r.ue();
    }
  }
  if (sps.temporal_mvp) temporal_mvp = r.bit();
  return used;
}

// 7.3.6.3
void skip_weights(BitReader& r, const Sps& sps, const std::uint32_t (&references)[2], int lists) {
  r.ue();
  if (sps.has_chroma) r.se();
  for (int list = 0; list < lists; ++list) {
    bool luma[16] = {};
    bool chroma[16] = {};
    for (std::uint32_t i = 0; i < references[list]; ++i) luma[i] = r.bit();
    for (std::uint32_t i = 0; sps.has_chroma && i < references[list]; ++i) chroma[i] = r.bit();
    for (std::uint32_t i = 0; i < references[list]; ++i) {
      for (int k = 0; k < (luma[i] ? 2 : 0) + (chroma[i] ? 4 : 0); ++k) r.se();
    }
  }
}

// What P and B slices say about their references and motion.
bool skip_inter_fields(BitReader& r, const Sps& sps, const Pps& pps, int lists, int pictures, bool temporal_mvp) {
  std::uint32_t references[2] = {pps.references[0], pps.references[1]};
  if (r.bit()) {
    for (int list = 0; list < lists; ++list) references[list] = r.ue() + 1;
  }
  if (references[0] > 16 || references[1] > 16) return false;
  if (pps.list_changes && pictures > 1) {
    for (int list = 0; list < lists; ++list) {
      if (!r.bit()) continue;
      r.skip(static_cast<int>(references[list]) * bits_for(static_cast<std::uint32_t>(pictures)));
    }
  }
  if (lists == 2) r.skip(1);  // mvd_l1_zero_flag
  if (pps.cabac_init) r.skip(1);
  if (temporal_mvp) {
    const bool from_first = lists == 1 || r.bit();
    if (references[from_first ? 0 : 1] > 1) r.ue();
  }
  if (lists == 1 ? pps.weighted : pps.weighted_bi) skip_weights(r, sps, references, lists);
  r.ue();  // five_minus_max_num_merge_cand
  return true;
}

// 7.3.6.1
Result<std::optional<std::size_t>> HevcSliceHeaders::clear_bytes(ByteView nal) const {
  if (nal.size() < 2) return std::nullopt;
  const int type = nal[0] >> 1 & 63;
  if (type > 9 && (type < 16 || type > 21)) return std::nullopt;
  BitReader r(nal);
  r.skip(16);
  const bool first = r.bit();
  if (type >= 16) r.skip(1);
  const auto pps_at = pps_.find(r.ue());
  if (pps_at == pps_.end()) return damaged("slice without its PPS");
  const auto& pps = pps_at->second;
  const auto sps_at = sps_.find(pps.sps);
  if (sps_at == sps_.end()) return damaged("slice without its SPS");
  const auto& sps = sps_at->second;
  bool dependent = false;
  if (!first) {
    if (pps.dependent_slices) dependent = r.bit();
    r.skip(sps.address_bits);
  }
  if (!dependent) {
    r.skip(pps.extra_bits);
    const auto slice_type = r.ue();  // 0 B, 1 P, 2 I
    if (pps.output_flag) r.skip(1);
    if (sps.separate_planes) r.skip(2);
    bool temporal_mvp = false;
    const bool idr = type == 19 || type == 20;
    const int pictures = idr ? 0 : read_references(r, sps, temporal_mvp);
    bool filtered = false;
    if (sps.sao) {
      filtered = r.bit();
      if (sps.has_chroma) filtered = (r.bit() != 0) || filtered;
    }
    if (slice_type < 2 && !skip_inter_fields(r, sps, pps, slice_type == 0 ? 2 : 1, pictures, temporal_mvp)) {
      return damaged("slice header: references");
    }
    r.se();
    if (pps.chroma_qp_offsets) {
      r.se();
      r.se();
    }
    if (pps.chroma_qp_lists) r.skip(1);
    bool deblocking_off = pps.deblocking_off;
    if (pps.deblocking_override && r.bit()) {
      deblocking_off = r.bit();
      if (!deblocking_off) {
        r.se();
        r.se();
      }
    }
    if (pps.filter_across_slices && (filtered || !deblocking_off)) r.skip(1);
  }
  if (pps.entry_points) {
    const auto count = r.ue();
    const int width = count > 0 ? r.small_ue() + 1 : 0;
    if (width > 32) return damaged("slice header: entry points");
    for (std::uint32_t i = 0; i < count && r.ok(); ++i) r.skip(width);
  }
  if (pps.extension) {
    auto bytes = r.ue();
    while (bytes-- > 0 && r.ok()) r.skip(8);
  }
  r.skip(1);  // byte_alignment()
  if (!r.ok()) return damaged("slice header: cut off");
  return r.bytes_touched();
}

}  // namespace

Result<std::unique_ptr<SliceHeaders>> hevc_slice_headers(ByteView config) {
  auto out = std::make_unique<HevcSliceHeaders>();
  VF_CHECK(out->read_config(config));
  return out;
}

}  // namespace vf::media
