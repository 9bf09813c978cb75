#include <map>

#include "media/package/hevc_parameter_sets.h"
#include "media/package/slice_header.h"

namespace vf::media {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::invalid_input, "The video's coded pictures cannot be read for encryption.", std::string(what));
}

class HevcSliceHeaders : public SliceHeaders {
 public:
  Result<void> read_config(ByteView config);
  Result<std::optional<std::size_t>> clear_bytes(ByteView nal) const override;

 private:
  std::map<std::uint32_t, HevcSps> sps_;
  std::map<std::uint32_t, HevcPps> pps_;
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
        auto [id, sps] = VF_TRY(read_hevc_sps(nal));
        sps_[id] = std::move(sps);
      }
      if (type == 34) {
        const auto [id, pps] = VF_TRY(read_hevc_pps(nal));
        pps_[id] = pps;
      }
    }
  }
  if (!r.ok() || sps_.empty() || pps_.empty() || length_size_ == 3) return damaged("hvcC: no parameter sets");
  return {};
}

// The reference pictures of the slice; returns how many the current picture may use.
int read_references(BitReader& r, const HevcSps& sps, bool& temporal_mvp) {
  r.skip(sps.poc_bits);
  int used = 0;
  if (!r.bit()) {
    used = read_hevc_reference_set(r, sps.sets, sps.sets.size(), true).used();
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
void skip_weights(BitReader& r, const HevcSps& sps, const std::uint32_t (&references)[2], int lists) {
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
bool skip_inter_fields(BitReader& r, const HevcSps& sps, const HevcPps& pps, int lists, int pictures,
                       bool temporal_mvp) {
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
