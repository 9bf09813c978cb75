#include "media/package/cbcs.h"

#include <algorithm>
#include <vector>

#include "media/package/box_writer.h"
#include "media/package/parse.h"

namespace vf::media {
namespace {

constexpr std::size_t kPatternBytes = 10 * kCipherBlock;  // one block encrypted, nine clear

struct Subsample {
  std::uint32_t clear = 0;
  std::uint32_t encrypted = 0;
};

// Clear and encrypted runs of one sample, NAL unit by NAL unit. Runs without anything encrypted join
// the next, so that the table stays short.
Result<std::vector<Subsample>> split_sample(ByteView sample, const SliceHeaders& headers) {
  std::vector<Subsample> out;
  std::size_t clear = 0;
  const auto prefix = static_cast<std::size_t>(headers.length_size());
  for (std::size_t at = 0; at < sample.size();) {
    ByteReader r(sample.subspan(at));
    const auto size = static_cast<std::size_t>(r.number(headers.length_size()));
    if (!r.ok() || size > r.left()) return fail(ErrorCode::invalid_input, "A coded picture is damaged.");
    const auto header = VF_TRY(headers.clear_bytes(sample.subspan(at + prefix, size)));
    const auto lead = header.value_or(size);
    at += prefix + size;
    clear += prefix + lead;
    const auto rest = size - lead;
    if (rest < kCipherBlock) {
      clear += rest;
      continue;
    }
    // The field for clear bytes has 16 bits.
    for (; clear > 0xffff; clear -= 0xffff) out.push_back({0xffff, 0});
    out.push_back({static_cast<std::uint32_t>(clear), static_cast<std::uint32_t>(rest)});
    clear = 0;
  }
  for (; clear > 0; clear -= std::min<std::size_t>(clear, 0xffff)) {
    out.push_back({static_cast<std::uint32_t>(std::min<std::size_t>(clear, 0xffff)), 0});
  }
  // Sizes of the table have 8 bits: 2 + 6 bytes each.
  if (out.size() > 42)
    return fail(ErrorCode::unsupported_input, "A picture of more than 42 slices cannot be encrypted.");
  return out;
}

// Pattern 1:9 (ISO/IEC 23001-7 9.6): the chain goes from one encrypted block to the next.
bool encrypt_pattern(Cipher& cipher, std::string_view iv, std::span<std::uint8_t> bytes) {
  if (!cipher.start(iv, false)) return false;
  for (std::size_t at = 0; at + kCipherBlock <= bytes.size(); at += kPatternBytes) {
    if (!cipher.update(bytes.subspan(at, kCipherBlock))) return false;
  }
  return true;
}

// All whole blocks; the rest stays clear.
bool encrypt_full(Cipher& cipher, std::string_view iv, std::span<std::uint8_t> bytes) {
  return cipher.start(iv, false) && cipher.update(bytes.first(bytes.size() / kCipherBlock * kCipherBlock));
}

// saiz, saio and senc: where the clear runs of every sample are (ISO/IEC 23001-7 7, ISO/IEC 14496-12 8.7.8).
// `at_in_moof` is where they will stand, from the start of the moof.
std::string auxiliary_boxes(const std::vector<std::vector<Subsample>>& samples, std::size_t at_in_moof) {
  std::string out;
  BoxWriter w(out);
  {
    const auto saiz = w.full_box("saiz", 0, 0);
    w.u8(0);
    w.u32(samples.size());
    for (const auto& sample : samples) w.u8(2 + 6 * sample.size());
  }
  {
    const auto saio = w.full_box("saio", 0, 0);
    w.u32(1);
    w.u32(at_in_moof + out.size() + 4 + 16);  // behind this field and senc's header and count
  }
  const auto senc = w.full_box("senc", 0, 2);
  w.u32(samples.size());
  for (const auto& sample : samples) {
    w.u16(sample.size());
    for (const auto& run : sample) {
      w.u16(run.clear);
      w.u32(run.encrypted);
    }
  }
  return out;
}

// The moof again with more boxes at the end of its traf, and the data that much later.
Result<std::string> extend_moof(ByteView segment, const std::vector<std::vector<Subsample>>& samples) {
  const auto top = VF_TRY(read_boxes(segment));
  const auto moof = VF_TRY(read_boxes(top.front().body));
  const auto raw = [](const Box& box) { return ByteView(box.body.data() - (box.size - box.body.size()), box.size); };
  std::string out;
  BoxWriter w(out);
  std::size_t data_offset_at = 0;
  std::uint32_t data_offset = 0;
  std::size_t added = 0;
  {
    const auto scope = w.box("moof");
    for (const auto& box : moof) {
      if (box.type != fourcc("traf")) {
        w.bytes(raw(box));
        continue;
      }
      const auto traf = w.box("traf");
      for (const auto& inner : VF_TRY(read_boxes(box.body))) {
        if (inner.type == fourcc("trun")) {
          ByteReader r(inner.body);
          r.skip(8);
          data_offset = r.u32();
          data_offset_at = w.size() + (inner.size - inner.body.size()) + 8;
        }
        w.bytes(raw(inner));
      }
      const auto boxes = auxiliary_boxes(samples, w.size());
      added = boxes.size();
      w.text(boxes);
    }
  }
  w.patch_u32(data_offset_at, data_offset + static_cast<std::uint32_t>(added));
  return out;
}

}  // namespace

Result<std::string> encrypt_cbcs(std::span<std::uint8_t> segment, const SliceHeaders* headers, Cipher& cipher,
                                 std::string_view iv) {
  const auto fragment = VF_TRY(parse_fragment(segment));
  std::vector<std::vector<Subsample>> runs;
  auto at = fragment.data_offset;
  for (const auto& sample : fragment.samples) {
    const auto bytes = segment.subspan(at, sample.size);
    at += sample.size;
    if (!headers) {
      if (!encrypt_full(cipher, iv, bytes)) return cipher_failed();
      continue;
    }
    runs.push_back(VF_TRY(split_sample(bytes, *headers)));
    std::size_t inside = 0;
    for (const auto& run : runs.back()) {
      inside += run.clear;
      // Every run starts anew with the constant IV.
      if (run.encrypted > 0 && !encrypt_pattern(cipher, iv, bytes.subspan(inside, run.encrypted)))
        return cipher_failed();
      inside += run.encrypted;
    }
  }
  std::string out;
  if (headers) {
    out = VF_TRY(extend_moof(segment, runs));
  } else {
    // A constant IV and whole samples: nothing to say about any of them.
    out.assign(reinterpret_cast<const char*>(segment.data()), fragment.moof_size);
  }
  out.append(reinterpret_cast<const char*>(segment.data()) + fragment.moof_size, segment.size() - fragment.moof_size);
  return out;
}

}  // namespace vf::media
