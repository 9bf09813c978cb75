#include "media/cut/nal_units.h"

#include <algorithm>
#include <array>
#include <set>

#include "media/package/slice_header.h"

namespace vf::media::cut {
namespace {

constexpr std::array<std::uint8_t, 4> kStartCode{0, 0, 0, 1};
constexpr int kH264Idr = 5, kH264Sps = 7, kH264Pps = 8;
constexpr int kHevcBlaFirst = 16, kHevcIdrLast = 20, kHevcVps = 32, kHevcPps = 34;
constexpr std::array<std::uint8_t, 6> kHevcEnd{0, 0, 0, 1, 36 << 1, 1};

bool is_hevc(const AVCodecParameters& p) { return p.codec_id == AV_CODEC_ID_HEVC; }

View extradata(const AVCodecParameters& p) {
  return p.extradata ? View(p.extradata, static_cast<std::size_t>(p.extradata_size)) : View();
}

// A configuration record (avcC, hvcC) begins with its version; without one, packets are byte streams.
bool has_record(const AVCodecParameters& p) {
  const auto data = extradata(p);
  return data.size() > 6 && data[0] == 1;
}

int length_size(const AVCodecParameters& p) {
  const auto data = extradata(p);
  const std::size_t at = is_hevc(p) ? 21 : 4;
  return data.size() > at ? (data[at] & 3) + 1 : 4;
}

int type_of(const AVCodecParameters& p, std::uint8_t header) { return is_hevc(p) ? header >> 1 & 63 : header & 31; }

// Calls `use(nal)` for every NAL unit; false where the lengths make no sense.
template <typename Use>
bool each_length_prefixed(View bytes, int size, Use&& use) {
  const auto width = static_cast<std::size_t>(size);
  while (bytes.size() > width) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < width; ++i) length = length << 8 | bytes[i];
    if (length > bytes.size() - width) return false;
    if (length > 0) use(bytes.subspan(width, length));
    bytes = bytes.subspan(width + length);
  }
  return true;
}

template <typename Use>
void each_in_byte_stream(View bytes, Use&& use) {
  std::size_t begin = bytes.size();
  for (std::size_t i = 0; i + 3 <= bytes.size(); ++i) {
    if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
    if (begin < i) use(bytes.subspan(begin, i - begin));
    begin = i + 3;
    i += 2;
  }
  if (begin < bytes.size()) use(bytes.subspan(begin));
}

void append(Bytes& out, View nal) {
  out.insert(out.end(), kStartCode.begin(), kStartCode.end());
  out.insert(out.end(), nal.begin(), nal.end());
}

// The NAL units of avcC (ISO/IEC 14496-15 5.3.3.1) and hvcC (8.3.3.1).
Bytes sets_of_record(const AVCodecParameters& p) {
  Bytes out;
  ByteReader r(extradata(p));
  const auto take = [&] {
    const auto size = r.u16();
    if (!r.ok() || size > r.left()) return false;
    append(out, extradata(p).subspan(extradata(p).size() - r.left(), size));
    r.skip(size);
    return true;
  };
  if (is_hevc(p)) {
    r.skip(22);
    for (int arrays = r.u8(); arrays > 0 && r.ok(); --arrays) {
      r.skip(1);
      for (int count = r.u16(); count > 0 && r.ok(); --count)
        if (!take()) return out;
    }
    return out;
  }
  r.skip(5);
  for (int count = r.u8() & 31; count > 0; --count)
    if (!take()) return out;
  for (int count = r.u8(); count > 0; --count)
    if (!take()) return out;
  return out;
}

}  // namespace

bool has_nal_units(const AVCodecParameters& p) {
  return p.codec_id == AV_CODEC_ID_H264 || p.codec_id == AV_CODEC_ID_HEVC;
}

KeyKind key_kind(const AVCodecParameters& p, const AVPacket& packet) {
  if (!has_nal_units(p)) return KeyKind::resets;
  const View bytes(packet.data, static_cast<std::size_t>(packet.size));
  auto kind = KeyKind::unusable;
  const auto look = [&](View nal) {
    const int type = type_of(p, nal[0]);
    if (!is_hevc(p)) {
      if (type == kH264Idr) kind = KeyKind::resets;
    } else if (type >= kHevcBlaFirst && type <= kHevcIdrLast) {
      kind = KeyKind::resets;
    } else if (type == kHevcIdrLast + 1) {
      kind = KeyKind::needs_reset;
    }
  };
  if (has_record(p))
    each_length_prefixed(bytes, length_size(p), look);
  else
    each_in_byte_stream(bytes, look);
  return kind;
}

Bytes parameter_sets_of(const AVCodecParameters& p) {
  if (!has_nal_units(p)) return {};
  if (has_record(p)) return sets_of_record(p);
  Bytes out;
  each_in_byte_stream(extradata(p), [&](View nal) {
    const int type = type_of(p, nal[0]);
    const bool set = is_hevc(p) ? type >= kHevcVps && type <= kHevcPps : type == kH264Sps || type == kH264Pps;
    if (set) append(out, nal);
  });
  return out;
}

int free_h264_identifier(const AVCodecParameters& p, View sets) {
  if (p.codec_id != AV_CODEC_ID_H264) return 0;
  std::set<std::uint32_t> taken{0};
  each_in_byte_stream(sets, [&](View nal) {
    BitReader r(nal);
    r.skip(8);
    if ((nal[0] & 31) == kH264Sps) r.skip(24);  // profile, constraints, level
    taken.insert(r.ue());
  });
  constexpr int kIdentifiers = 32;
  for (int id = 1; id < kIdentifiers; ++id)
    if (!taken.contains(static_cast<std::uint32_t>(id))) return id;
  return -1;
}

Result<void> to_byte_stream(const AVCodecParameters& p, View packet, Bytes& out) {
  out.clear();
  if (!has_record(p)) {
    out.assign(packet.begin(), packet.end());
    return {};
  }
  if (!each_length_prefixed(packet, length_size(p), [&](View nal) { append(out, nal); }))
    return fail(ErrorCode::invalid_input, "A packet of the video is damaged: its NAL units reach past its end.");
  return {};
}

View end_of_sequence(const AVCodecParameters& p) { return is_hevc(p) ? View(kHevcEnd) : View(); }

}  // namespace vf::media::cut
