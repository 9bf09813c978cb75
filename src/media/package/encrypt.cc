#include "media/package/encrypt.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/package/base64.h"
#include "media/package/box_writer.h"
#include "media/package/cbcs.h"
#include "media/package/cipher.h"
#include "media/package/parse.h"
#include "media/package/slice_header.h"

namespace vf::media {
namespace {

constexpr std::size_t kVisualEntryBytes = 78;
constexpr std::size_t kAudioEntryBytes = 28;

bool is_nal_codec(const TrackFormat& f) { return f.codec == "h264" || f.codec == "hevc"; }

// The record of the codec inside its sample entry; empty without one.
Result<ByteView> find_config(const std::string& entry, std::uint32_t type) {
  const auto top = VF_TRY(read_boxes(as_bytes(entry)));
  if (top.size() != 1 || top[0].body.size() < kVisualEntryBytes) return ByteView{};
  const auto boxes = VF_TRY(read_boxes(top[0].body.subspan(kVisualEntryBytes)));
  const auto* box = find_box(boxes, type);
  return box ? box->body : ByteView{};
}

Result<std::unique_ptr<SliceHeaders>> slice_headers(const TrackFormat& format) {
  const auto entry = VF_TRY(base64_decode(format.sample_entry));
  const bool avc = format.codec == "h264";
  const auto config = VF_TRY(find_config(entry, avc ? fourcc("avcC") : fourcc("hvcC")));
  return avc ? avc_slice_headers(config) : hevc_slice_headers(config);
}

void write_protection(BoxWriter& w, std::uint32_t original, bool pattern, std::string_view key_id,
                      std::string_view iv) {
  const auto sinf = w.box("sinf");
  {
    const auto frma = w.box("frma");
    w.u32(original);
  }
  {
    const auto schm = w.full_box("schm", 0, 0);
    w.text("cbcs");
    w.u32(0x10000);
  }
  const auto schi = w.box("schi");
  const auto tenc = w.full_box("tenc", 1, 0);
  w.u8(0);
  w.u8(pattern ? 0x19 : 0);
  w.u8(1);  // protected
  w.u8(0);  // no IV of each sample's own
  w.text(key_id);
  w.u8(kCipherBlock);
  w.text(iv);
}

}  // namespace

std::string segment_iv(const std::string& iv, std::uint64_t segment) {
  auto bytes = hex_decode(iv);
  if (!bytes || bytes->size() != kCipherBlock) return iv;
  std::uint64_t carry = segment;
  for (std::size_t i = kCipherBlock; i-- > 0 && carry > 0;) {
    carry += static_cast<std::uint8_t>((*bytes)[i]);
    (*bytes)[i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  return hex_encode(*bytes);
}

Result<TrackFormat> encrypted_format(const TrackFormat& format, const Encryption& encryption) {
  if (encryption.scheme == EncryptionScheme::aes128) return format;
  const bool video = format.kind == TrackKind::video;
  if (video && !is_nal_codec(format)) {
    return fail(ErrorCode::unsupported_input,
                fmt::format("cbcs is written for H.264 and HEVC, not for {}.", format.codec));
  }
  const auto key_id = VF_TRY(hex_decode(encryption.key_id));
  const auto iv = VF_TRY(hex_decode(encryption.iv));
  if (key_id.size() != kCipherBlock || iv.size() != kCipherBlock) {
    return fail(ErrorCode::invalid_argument, "A key id and an initialization vector are 32 hexadecimal digits each.");
  }
  const auto entry = VF_TRY(base64_decode(format.sample_entry));
  const auto top = VF_TRY(read_boxes(as_bytes(entry)));
  if (top.size() != 1 || top[0].body.size() < (video ? kVisualEntryBytes : kAudioEntryBytes)) {
    return fail(ErrorCode::invalid_argument, "The track's sample entry is damaged.");
  }
  std::string out;
  BoxWriter w(out);
  {
    const auto box = w.box(video ? "encv" : "enca");
    w.bytes(top[0].body);
    write_protection(w, top[0].type, video, key_id, iv);
  }
  auto result = format;
  result.sample_entry = base64_encode(out);
  return result;
}

Result<TrackChunk> encrypt_chunk(int in_fd, const TrackChunk& chunk, const Encryption& encryption,
                                 std::uint64_t first_segment, int out_fd) {
  auto cipher = VF_TRY(Cipher::create(encryption.key));
  const bool cbcs = encryption.scheme == EncryptionScheme::cbcs;
  TrackChunk out = chunk;
  out.format = VF_TRY(encrypted_format(chunk.format, encryption));
  std::unique_ptr<SliceHeaders> headers;
  if (cbcs && chunk.format.kind == TrackKind::video) headers = VF_TRY(slice_headers(chunk.format));
  const auto constant_iv = VF_TRY(hex_decode(encryption.iv));

  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> whole;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < out.segments.size(); ++i) {
    auto& segment = out.segments[i];
    if (segment.size <= 0 || segment.size > 0x7fffffff)
      return fail(ErrorCode::invalid_input, "A segment's size is impossible.");
    bytes.resize(static_cast<std::size_t>(segment.size));
    if (VF_TRY(read_at(in_fd, bytes, segment.offset)) != bytes.size())
      return fail(ErrorCode::invalid_input, "A track is shorter than its description.");
    segment.offset = offset;
    if (cbcs) {
      const auto encrypted = VF_TRY(encrypt_cbcs(bytes, headers.get(), cipher, constant_iv));
      segment.size = static_cast<std::int64_t>(encrypted.size());
      VF_CHECK(write_all(out_fd, std::string_view(encrypted)));
    } else {
      const auto iv = VF_TRY(hex_decode(segment_iv(encryption.iv, first_segment + i)));
      if (!cipher.start(iv, true) || !cipher.whole(bytes, whole)) return cipher_failed();
      segment.size = static_cast<std::int64_t>(whole.size());
      VF_CHECK(write_all(out_fd, std::span<const std::uint8_t>(whole)));
    }
    offset += segment.size;
  }
  return out;
}

}  // namespace vf::media
