#include "media/package/encrypt.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/fd.h"
#include "media/package/base64.h"
#include "media/package/box_writer.h"
#include "media/package/parse.h"
#include "media/package/slice_header.h"

namespace vf::media {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::size_t kVisualEntryBytes = 78;
constexpr std::size_t kAudioEntryBytes = 28;
constexpr std::size_t kPatternBytes = 10 * kBlock;  // one block encrypted, nine clear

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// AES-128-CBC with one key.
class Cipher {
 public:
  static Result<Cipher> create(const std::string& key) {
    Cipher out;
    out.key_ = VF_TRY(hex_decode(key));
    if (out.key_.size() != kBlock) return fail(ErrorCode::invalid_argument, "A key is 32 hexadecimal digits.");
    out.context_.reset(EVP_CIPHER_CTX_new());
    if (!out.context_) return fail(ErrorCode::no_memory, "Memory is short.");
    return out;
  }

  bool start(std::string_view iv, bool padding) {
    const auto bytes = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
    return iv.size() == kBlock &&
           EVP_EncryptInit_ex(context_.get(), EVP_aes_128_cbc(), nullptr, bytes(key_), bytes(iv)) == 1 &&
           EVP_CIPHER_CTX_set_padding(context_.get(), padding ? 1 : 0) == 1;
  }

  // In place; whole blocks go out as they came in.
  bool update(std::span<std::uint8_t> bytes) {
    int written = 0;
    return EVP_EncryptUpdate(context_.get(), bytes.data(), &written, bytes.data(), static_cast<int>(bytes.size())) == 1;
  }

  // Appends the ciphertext of `bytes` and its padding.
  bool whole(ByteView bytes, std::vector<std::uint8_t>& out) {
    out.resize(bytes.size() + kBlock);
    int written = 0;
    int last = 0;
    if (EVP_EncryptUpdate(context_.get(), out.data(), &written, bytes.data(), static_cast<int>(bytes.size())) != 1)
      return false;
    if (EVP_EncryptFinal_ex(context_.get(), out.data() + written, &last) != 1) return false;
    out.resize(static_cast<std::size_t>(written + last));
    return true;
  }

 private:
  std::string key_;
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> context_;
};

std::unexpected<Error> cipher_failed() { return fail(ErrorCode::internal, "The cipher failed."); }

bool is_nal_codec(const TrackFormat& f) { return f.codec == "h264" || f.codec == "hevc"; }

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
    if (rest < kBlock) {
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
  for (std::size_t at = 0; at + kBlock <= bytes.size(); at += kPatternBytes) {
    if (!cipher.update(bytes.subspan(at, kBlock))) return false;
  }
  return true;
}

// All whole blocks; the rest stays clear.
bool encrypt_full(Cipher& cipher, std::string_view iv, std::span<std::uint8_t> bytes) {
  return cipher.start(iv, false) && cipher.update(bytes.first(bytes.size() / kBlock * kBlock));
}

// saiz, saio and senc: where the clear runs of every sample are (ISO/IEC 23001-7 7, ISO/IEC 14496-12 8.7.8).
// `senc_data_offset` is where the first sample's entry will stand, from the start of the moof.
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

// One segment through cbcs; `segment` is changed in place where its samples are.
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
  w.u8(kBlock);
  w.text(iv);
}

}  // namespace

std::string segment_iv(const std::string& iv, std::uint64_t segment) {
  auto bytes = hex_decode(iv);
  if (!bytes || bytes->size() != kBlock) return iv;
  std::uint64_t carry = segment;
  for (std::size_t i = kBlock; i-- > 0 && carry > 0;) {
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
  if (key_id.size() != kBlock || iv.size() != kBlock) {
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
