#include "media/package/parse.h"

#include <fmt/format.h>

namespace vf::media {
namespace {

constexpr std::size_t kMaxBoxes = 100'000;
// Four hours of audio in one segment; a segment of ours has a few hundred.
constexpr std::uint32_t kMaxSamples = 1'000'000;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::invalid_input, "A segment is damaged.", std::string(what));
}

struct Defaults {
  std::uint32_t duration = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
};

Result<Defaults> parse_tfhd(ByteView body, Fragment& out) {
  ByteReader r(body);
  const auto flags = r.u32() & 0xffffff;
  out.track_id = r.u32();
  Defaults defaults;
  if (flags & 0x01) return damaged("tfhd: absolute base offsets are none of ours");
  if (flags & 0x02) r.skip(4);  // sample_description_index
  if (flags & 0x08) defaults.duration = r.u32();
  if (flags & 0x10) defaults.size = r.u32();
  if (flags & 0x20) defaults.flags = r.u32();
  if (!r.ok()) return damaged("tfhd: cut off");
  return defaults;
}

Result<void> parse_trun(ByteView body, const Defaults& defaults, Fragment& out) {
  ByteReader r(body);
  const auto flags = r.u32() & 0xffffff;
  const auto count = r.u32();
  if (!(flags & 0x01)) return damaged("trun: no data offset");
  out.data_offset = r.u32();
  const bool first_flags = flags & 0x04;
  const auto first = first_flags ? r.u32() : 0;
  std::size_t row_bytes = 0;
  for (const std::uint32_t bit : {0x100, 0x200, 0x400, 0x800}) row_bytes += flags & bit ? 4 : 0;
  if (!r.ok() || count == 0 || count > kMaxSamples || row_bytes * count > r.left())
    return damaged("trun: sample count");
  out.samples.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    FragmentSample sample;
    sample.duration = flags & 0x100 ? r.u32() : defaults.duration;
    sample.size = flags & 0x200 ? r.u32() : defaults.size;
    sample.flags = flags & 0x400 ? r.u32() : (i == 0 && first_flags ? first : defaults.flags);
    sample.offset = flags & 0x800 ? static_cast<std::int32_t>(r.u32()) : 0;
    out.samples.push_back(sample);
  }
  return {};
}

}  // namespace

std::uint64_t ByteReader::number(int count) {
  if (left() < static_cast<std::size_t>(count)) {
    ok_ = false;
    at_ = bytes_.size();
    return 0;
  }
  std::uint64_t out = 0;
  while (count-- > 0) out = out << 8 | bytes_[at_++];
  return out;
}

void ByteReader::skip(std::size_t count) {
  ok_ = ok_ && count <= left();
  at_ += std::min(count, left());
}

Result<std::vector<Box>> read_boxes(ByteView bytes) {
  std::vector<Box> out;
  for (std::size_t at = 0; at < bytes.size();) {
    ByteReader r(bytes.subspan(at));
    std::uint64_t size = r.u32();
    const auto type = r.u32();
    std::size_t header = 8;
    if (size == 1) {
      size = r.u64();
      header = 16;
    }
    if (!r.ok() || size < header || size > bytes.size() - at) return damaged(fmt::format("box at {}: size", at));
    if (out.size() == kMaxBoxes) return damaged("too many boxes");
    out.push_back({type, at, static_cast<std::size_t>(size),
                   bytes.subspan(at + header, static_cast<std::size_t>(size) - header)});
    at += static_cast<std::size_t>(size);
  }
  return out;
}

const Box* find_box(const std::vector<Box>& boxes, std::uint32_t type) {
  for (const auto& box : boxes) {
    if (box.type == type) return &box;
  }
  return nullptr;
}

Result<Fragment> parse_fragment(ByteView bytes) {
  const auto top = VF_TRY(read_boxes(bytes));
  if (top.size() != 2 || top[0].type != fourcc("moof") || top[1].type != fourcc("mdat")) {
    return damaged("a segment is one moof and one mdat");
  }
  const auto moof = VF_TRY(read_boxes(top[0].body));
  const auto* mfhd = find_box(moof, fourcc("mfhd"));
  const auto* traf = find_box(moof, fourcc("traf"));
  if (!mfhd || !traf) return damaged("moof: no mfhd or traf");
  const auto inside = VF_TRY(read_boxes(traf->body));
  const auto* tfhd = find_box(inside, fourcc("tfhd"));
  const auto* tfdt = find_box(inside, fourcc("tfdt"));
  const auto* trun = find_box(inside, fourcc("trun"));
  if (!tfhd || !tfdt || !trun) return damaged("traf: no tfhd, tfdt or trun");

  Fragment out;
  out.moof_size = top[0].size;
  ByteReader header(mfhd->body);
  header.skip(4);
  out.sequence_number = header.u32();
  ByteReader time(tfdt->body);
  out.decode_time = time.u32() >> 24 == 1 ? time.u64() : time.u32();
  if (!header.ok() || !time.ok()) return damaged("mfhd or tfdt: cut off");
  const auto defaults = VF_TRY(parse_tfhd(tfhd->body, out));
  VF_CHECK(parse_trun(trun->body, defaults, out));

  std::uint64_t end = out.data_offset;
  for (const auto& sample : out.samples) end += sample.size;
  if (out.data_offset < top[1].offset + (top[1].size - top[1].body.size()) || end > bytes.size()) {
    return damaged("trun: samples outside mdat");
  }
  return out;
}

Result<SegmentIndex> parse_index(ByteView bytes, std::uint64_t file_offset) {
  const auto boxes = VF_TRY(read_boxes(bytes));
  if (boxes.size() != 1 || boxes[0].type != fourcc("sidx")) return damaged("not one sidx");
  ByteReader r(boxes[0].body);
  const bool wide = r.u32() >> 24 == 1;
  SegmentIndex out;
  r.skip(4);  // reference_ID
  out.timescale = r.u32();
  std::uint64_t start = r.number(wide ? 8 : 4);
  std::uint64_t offset = file_offset + bytes.size() + r.number(wide ? 8 : 4);
  r.skip(2);
  const auto count = r.u16();
  if (!r.ok() || r.left() < std::size_t{count} * 12) return damaged("sidx: cut off");
  for (int i = 0; i < count; ++i) {
    const auto reference = r.u32();
    if (reference >> 31) return damaged("sidx: an index of indexes is none of ours");
    const auto duration = r.u32();
    out.entries.push_back({start, duration, offset, reference, r.u32() >> 31 != 0});
    start += duration;
    offset += reference;
  }
  return out;
}

}  // namespace vf::media
