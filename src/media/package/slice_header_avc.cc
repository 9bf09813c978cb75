#include <algorithm>
#include <map>

#include "media/package/slice_header.h"

namespace vf::media {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::invalid_input, "The video's coded pictures cannot be read for encryption.", std::string(what));
}

// Profiles whose SPS says more about chroma (ITU-T H.264 7.3.2.1.1).
bool has_chroma_info(std::uint32_t profile) {
  constexpr std::uint32_t kProfiles[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::ranges::find(kProfiles, profile) != std::end(kProfiles);
}

void skip_scaling_lists(BitReader& r, int lists) {
  for (int list = 0; list < lists; ++list) {
    if (!r.bit()) continue;
    const int size = list < 6 ? 16 : 64;
    std::int32_t last = 8;
    std::int32_t next = 8;
    for (int i = 0; i < size && r.ok(); ++i) {
      if (next != 0) next = (last + (r.se() & 255) + 256) & 255;
      if (next != 0) last = next;
    }
  }
}

// The parameter sets of one avcC record.
class AvcSliceHeaders : public SliceHeaders {
 public:
  Result<void> read_config(ByteView config);
  Result<std::optional<std::size_t>> clear_bytes(ByteView nal) const override;

 private:
  struct Sps {
    int frame_num_bits = 0;
    int poc_type = 0;
    int poc_bits = 0;
    bool separate_planes = false;
    bool monochrome = false;
    bool frame_only = true;
    bool no_poc_delta = false;
  };
  struct Pps {
    std::uint32_t sps = 0;
    bool cabac = false;
    bool bottom_poc = false;
    bool weighted = false;
    bool deblocking_control = false;
    bool redundant_pictures = false;
    std::uint32_t references[2] = {1, 1};
    std::uint32_t weighted_bi = 0;
  };

  Result<void> read_sps(ByteView nal);
  Result<void> read_pps(ByteView nal);
  static void skip_reference_changes(BitReader& r, int lists);
  static void skip_weights(BitReader& r, const Sps& sps, const std::uint32_t (&references)[2], int lists);

  std::map<std::uint32_t, Sps> sps_;
  std::map<std::uint32_t, Pps> pps_;
};

Result<void> AvcSliceHeaders::read_config(ByteView config) {
  ByteReader r(config);
  r.skip(4);
  length_size_ = (r.u8() & 3) + 1;
  for (const bool sps : {true, false}) {
    int count = sps ? r.u8() & 31 : r.u8();
    while (count-- > 0) {
      const auto size = r.u16();
      if (!r.ok() || size > r.left()) return damaged("avcC: cut off");
      const auto nal = config.subspan(config.size() - r.left(), size);
      r.skip(size);
      if (sps)
        VF_CHECK(read_sps(nal));
      else
        VF_CHECK(read_pps(nal));
    }
  }
  if (!r.ok() || sps_.empty() || pps_.empty() || length_size_ == 3) return damaged("avcC: no parameter sets");
  return {};
}

// 7.3.2.1.1
Result<void> AvcSliceHeaders::read_sps(ByteView nal) {
  BitReader r(nal);
  Sps sps;
  r.skip(8);
  const auto profile = r.bits(8);
  r.skip(16);
  const auto id = r.ue();
  if (has_chroma_info(profile)) {
    const auto chroma = r.ue();
    sps.monochrome = chroma == 0;
    if (chroma == 3) sps.separate_planes = r.bit();
    r.ue();
    r.ue();
    r.skip(1);
    if (r.bit()) skip_scaling_lists(r, chroma == 3 ? 12 : 8);
  }
  sps.frame_num_bits = r.small_ue() + 4;
  sps.poc_type = r.small_ue();
  if (sps.poc_type == 0) {
    sps.poc_bits = r.small_ue() + 4;
  } else if (sps.poc_type == 1) {
    sps.no_poc_delta = r.bit();
    r.se();
    r.se();
    const auto cycle = r.ue();
    for (std::uint32_t i = 0; i < cycle && r.ok(); ++i) r.se();
  }
  r.ue();
  r.skip(1);
  r.ue();
  r.ue();
  sps.frame_only = r.bit();
  if (!r.ok() || sps.frame_num_bits > 16 || sps.poc_bits > 16 || sps.poc_type > 2) return damaged("SPS");
  sps_[id] = sps;
  return {};
}

// 7.3.2.2
Result<void> AvcSliceHeaders::read_pps(ByteView nal) {
  BitReader r(nal);
  Pps pps;
  r.skip(8);
  const auto id = r.ue();
  pps.sps = r.ue();
  pps.cabac = r.bit();
  pps.bottom_poc = r.bit();
  if (r.ue() > 0) return fail(ErrorCode::unsupported_input, "H.264 with slice groups is not encrypted.");
  for (auto& count : pps.references) count = r.ue() + 1;
  pps.weighted = r.bit();
  pps.weighted_bi = r.bits(2);
  r.se();
  r.se();
  r.se();
  pps.deblocking_control = r.bit();
  r.skip(1);
  pps.redundant_pictures = r.bit();
  if (!r.ok()) return damaged("PPS");
  pps_[id] = pps;
  return {};
}

// 7.3.3.1
void AvcSliceHeaders::skip_reference_changes(BitReader& r, int lists) {
  for (int list = 0; list < lists; ++list) {
    if (!r.bit()) continue;
    while (r.ok() && r.ue() != 3) r.ue();
  }
}

// 7.3.3.2
void AvcSliceHeaders::skip_weights(BitReader& r, const Sps& sps, const std::uint32_t (&references)[2], int lists) {
  const bool chroma = !sps.monochrome && !sps.separate_planes;
  r.ue();
  if (chroma) r.ue();
  for (int list = 0; list < lists; ++list) {
    for (std::uint32_t i = 0; i < references[list] && r.ok(); ++i) {
      if (r.bit()) {
        r.se();
        r.se();
      }
      if (chroma && r.bit()) {
        for (int k = 0; k < 4; ++k) r.se();
      }
    }
  }
}

// 7.3.3
Result<std::optional<std::size_t>> AvcSliceHeaders::clear_bytes(ByteView nal) const {
  if (nal.empty()) return std::nullopt;
  const int type = nal[0] & 31;
  if (type != 1 && type != 5) return std::nullopt;
  BitReader r(nal);
  r.skip(1);
  const auto nal_ref_idc = r.bits(2);
  r.skip(5);
  r.ue();                              // first_mb_in_slice
  const auto slice_type = r.ue() % 5;  // 0 P, 1 B, 2 I, 3 SP, 4 SI
  const auto pps_at = pps_.find(r.ue());
  if (pps_at == pps_.end()) return damaged("slice without its PPS");
  const auto& pps = pps_at->second;
  const auto sps_at = sps_.find(pps.sps);
  if (sps_at == sps_.end()) return damaged("slice without its SPS");
  const auto& sps = sps_at->second;
  const int lists = slice_type == 1 ? 2 : slice_type == 0 || slice_type == 3 ? 1 : 0;

  if (sps.separate_planes) r.skip(2);
  r.skip(sps.frame_num_bits);
  bool field = false;
  if (!sps.frame_only) {
    field = r.bit();
    if (field) r.skip(1);
  }
  if (type == 5) r.ue();  // idr_pic_id
  if (sps.poc_type == 0) {
    r.skip(sps.poc_bits);
    if (pps.bottom_poc && !field) r.se();
  } else if (sps.poc_type == 1 && !sps.no_poc_delta) {
    r.se();
    if (pps.bottom_poc && !field) r.se();
  }
  if (pps.redundant_pictures) r.ue();
  if (slice_type == 1) r.skip(1);  // direct_spatial_mv_pred_flag
  std::uint32_t references[2] = {pps.references[0], pps.references[1]};
  if (lists > 0 && r.bit()) {
    for (int list = 0; list < lists; ++list) references[list] = r.ue() + 1;
  }
  if (references[0] > 32 || references[1] > 32) return damaged("slice header: references");
  skip_reference_changes(r, lists);
  if ((pps.weighted && lists == 1) || (pps.weighted_bi == 1 && lists == 2)) skip_weights(r, sps, references, lists);
  if (nal_ref_idc != 0) {  // dec_ref_pic_marking, 7.3.3.3
    if (type == 5) {
      r.skip(2);
    } else if (r.bit()) {
      for (std::uint32_t operation = r.ue(); operation != 0 && r.ok(); operation = r.ue()) {
        if (operation != 5) r.ue();
        if (operation == 3) r.ue();
      }
    }
  }
  if (pps.cabac && lists > 0) r.ue();  // cabac_init_idc
  r.se();                              // slice_qp_delta
  if (slice_type >= 3) {
    if (slice_type == 3) r.skip(1);
    r.se();
  }
  if (pps.deblocking_control && r.ue() != 1) {
    r.se();
    r.se();
  }
  if (!r.ok()) return damaged("slice header: cut off");
  return r.bytes_touched();
}

}  // namespace

Result<std::unique_ptr<SliceHeaders>> avc_slice_headers(ByteView config) {
  auto out = std::make_unique<AvcSliceHeaders>();
  VF_CHECK(out->read_config(config));
  return out;
}

}  // namespace vf::media
