#include "media/probe/bitstream.h"

#include <algorithm>
#include <vector>

#include "media/av/ptr.h"

namespace vf::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The uncompressed header of one VP9 frame, most significant bit first: marker 2, profile 2 (plus a
// reserved bit for profile 3), show_existing_frame, frame_type, show_frame.
bool vp9_frame_shown(Bytes frame) {
  if (frame.empty()) return false;
  unsigned bits = frame[0];
  int left = 4;
  const unsigned profile = (bits >> 5 & 1) | (bits >> 4 & 1) << 1;
  if (profile == 3) --left;
  const auto next = [&] { return (bits >> --left & 1) != 0; };
  const bool existing = next();
  if (existing) return true;
  next();  // frame_type
  return next();
}

int vp9_shown(Bytes packet) {
  const std::uint8_t marker = packet.back();
  if ((marker & 0xE0) != 0xC0) return vp9_frame_shown(packet) ? 1 : 0;
  const std::size_t frames = (marker & 7U) + 1, width = (marker >> 3 & 3U) + 1;
  const std::size_t index = 2 + frames * width;
  if (packet.size() < index || packet[packet.size() - index] != marker) return vp9_frame_shown(packet) ? 1 : 0;
  int shown = 0;
  std::size_t offset = 0;
  const auto* size_field = packet.data() + packet.size() - index + 1;
  for (std::size_t i = 0; i < frames; ++i) {
    std::size_t size = 0;
    for (std::size_t b = 0; b < width; ++b) size |= static_cast<std::size_t>(*size_field++) << (8 * b);
    if (size > packet.size() - index - offset) break;
    if (size > 0 && vp9_frame_shown(packet.subspan(offset, size))) ++shown;
    offset += size;
  }
  return shown;
}

bool is_parameter_set(int codec_id, std::uint8_t first) {
  if (codec_id == AV_CODEC_ID_H264) return (first & 0x1F) == 7 || (first & 0x1F) == 8;
  const int type = first >> 1 & 0x3F;
  return type >= 32 && type <= 34;
}

bool is_slice(int codec_id, std::uint8_t first) {
  if (codec_id == AV_CODEC_ID_H264) return (first & 0x1F) >= 1 && (first & 0x1F) <= 5;
  return (first >> 1 & 0x3F) < 32;
}

// The next NAL unit and what is behind it; empty at the end.
Bytes next_nal(Bytes& rest, int length_size) {
  if (length_size > 0) {
    const auto prefix = static_cast<std::size_t>(length_size);
    if (rest.size() <= prefix) return {};
    std::size_t size = 0;
    for (std::size_t i = 0; i < prefix; ++i) size = size << 8 | rest[i];
    const auto nal = rest.subspan(prefix, std::min(size, rest.size() - prefix));
    rest = rest.subspan(prefix + nal.size());
    return nal;
  }
  const auto start_code = [](Bytes in, std::size_t from) {
    for (std::size_t i = from; i + 3 <= in.size(); ++i)
      if (in[i] == 0 && in[i + 1] == 0 && in[i + 2] == 1) return i;
    return in.size();
  };
  const auto begin = start_code(rest, 0);
  if (begin + 3 >= rest.size()) return {};
  const auto end = start_code(rest, begin + 3);
  auto nal = rest.subspan(begin + 3, end - begin - 3);
  while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
  rest = rest.subspan(end);
  return nal;
}

// Whether a supplemental enhancement information NAL unit holds a recovery point (ITU-T H.264 D.1.8).
bool has_recovery_point(Bytes nal) {
  constexpr std::uint8_t kRecoveryPoint = 6;
  std::vector<std::uint8_t> raw;  // without emulation prevention, 7.3.1
  int zeros = 0;
  for (const auto byte : nal.subspan(1)) {
    const bool guard = zeros >= 2 && byte == 3;
    zeros = byte == 0 ? zeros + 1 : 0;
    if (!guard) raw.push_back(byte);
  }
  std::size_t at = 0;
  const auto coded = [&] {  // 7.3.2.3.1: bytes of 255, then the rest
    std::size_t value = 0;
    while (at < raw.size() && raw[at] == 255) value += raw[at++];
    return at < raw.size() ? value + raw[at++] : value;
  };
  while (at + 2 < raw.size()) {
    if (coded() == kRecoveryPoint) return true;
    at += coded();
  }
  return false;
}

// Instantaneous or clean random access: every picture from here on decodes.
bool is_access_slice(int codec_id, std::uint8_t first) {
  if (codec_id == AV_CODEC_ID_H264) return (first & 0x1F) == 5;
  const int type = first >> 1 & 0x3F;
  return type >= 16 && type <= 21;
}

}  // namespace

bool decoding_may_start(int codec_id, Bytes packet, int nal_length_size) {
  constexpr std::uint8_t kSei = 6;
  if (codec_id != AV_CODEC_ID_H264 && codec_id != AV_CODEC_ID_HEVC) return false;
  for (int i = 0; i < 64; ++i) {
    const auto nal = next_nal(packet, nal_length_size);
    if (nal.empty()) return false;
    if (is_slice(codec_id, nal[0])) return is_access_slice(codec_id, nal[0]);
    if (codec_id == AV_CODEC_ID_H264 && (nal[0] & 0x1F) == kSei && has_recovery_point(nal)) return true;
  }
  return false;
}

int shown_frames(int codec_id, Bytes packet) {
  if (packet.empty()) return 1;
  if (codec_id == AV_CODEC_ID_VP8) return packet[0] >> 4 & 1;
  if (codec_id == AV_CODEC_ID_VP9) return vp9_shown(packet);
  return 1;
}

std::uint64_t parameter_set_hash(int codec_id, Bytes packet, int nal_length_size) {
  if (codec_id != AV_CODEC_ID_H264 && codec_id != AV_CODEC_ID_HEVC) return 0;
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  bool any = false;
  for (int i = 0; i < 64; ++i) {
    const auto nal = next_nal(packet, nal_length_size);
    if (nal.empty() || is_slice(codec_id, nal[0])) break;
    if (!is_parameter_set(codec_id, nal[0])) continue;
    any = true;
    for (const auto byte : nal) hash = (hash ^ byte) * 1099511628211ULL;
  }
  return any ? hash : 0;
}

}  // namespace vf::media
