#include "media/package/hevc_parameter_sets.h"

#include <string_view>

namespace vf::media {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::invalid_input, "The video's coded pictures cannot be read for encryption.", std::string(what));
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

}  // namespace

HevcReferenceSet read_hevc_reference_set(BitReader& r, const std::vector<HevcReferenceSet>& sets, std::size_t index,
                                         bool in_slice) {
  HevcReferenceSet out;
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
  std::vector<HevcReference> all = from.before;
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

// 7.3.2.2.1 up to what slice headers need
Result<std::pair<std::uint32_t, HevcSps>> read_hevc_sps(ByteView nal) {
  BitReader r(nal);
  HevcSps sps;
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
  for (std::size_t i = 0; i < sets; ++i) sps.sets.push_back(read_hevc_reference_set(r, sps.sets, i, false));
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
Result<std::pair<std::uint32_t, HevcPps>> read_hevc_pps(ByteView nal) {
  BitReader r(nal);
  HevcPps pps;
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

}  // namespace vf::media
