#include "media/package/annexb.h"

#include <algorithm>
#include <cstring>

namespace vf::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Position of the next 00 00 01 at or after `from`; the size without one.
std::size_t find_start_code(Bytes bytes, std::size_t from) {
  // memchr for the rare byte 01 beats comparing triples.
  for (std::size_t at = from + 2; at < bytes.size();) {
    const auto* hit = static_cast<const std::uint8_t*>(std::memchr(bytes.data() + at, 1, bytes.size() - at));
    if (!hit) break;
    at = static_cast<std::size_t>(hit - bytes.data());
    if (bytes[at - 1] == 0 && bytes[at - 2] == 0) return at - 2;
    ++at;
  }
  return bytes.size();
}

enum class NalUse { keep, parameter_set, drop };

// Table 7-1 of ITU-T H.264.
NalUse use_of_h264(std::uint8_t header) {
  switch (header & 31) {
    case 7:
    case 8:
    case 13:
    case 15:
      return NalUse::parameter_set;  // SPS, PPS, SPS extension, subset SPS
    case 9:
    case 10:
    case 11:
    case 12:
      return NalUse::drop;  // delimiter, ends, filler
    default:
      return NalUse::keep;
  }
}

// Table 7-1 of ITU-T H.265.
NalUse use_of_hevc(std::uint8_t header) {
  switch (header >> 1 & 63) {
    case 32:
    case 33:
    case 34:
      return NalUse::parameter_set;  // VPS, SPS, PPS
    case 35:
    case 36:
    case 37:
    case 38:
      return NalUse::drop;  // delimiter, ends, filler
    default:
      return NalUse::keep;
  }
}

bool is_picture(NalCodec codec, std::uint8_t header) {
  if (codec == NalCodec::h264) return (header & 31) >= 1 && (header & 31) <= 5;
  return (header >> 1 & 63) < 32;
}

}  // namespace

bool is_annexb(Bytes extradata) {
  // A configuration record (avcC, hvcC) begins with its version, 1; without one parameter sets are in band.
  return extradata.empty() || extradata[0] != 1;
}

Result<void> annexb_to_lengths(NalCodec codec, Bytes bytes, std::vector<std::uint8_t>& out,
                               const AnnexBOptions& options) {
  out.clear();
  bool picture = false;
  for (std::size_t at = find_start_code(bytes, 0); at < bytes.size();) {
    const auto begin = at + 3;
    at = find_start_code(bytes, begin);
    auto end = at;
    while (end > begin && bytes[end - 1] == 0) --end;  // trailing_zero_8bits
    if (end == begin) continue;
    const auto use = codec == NalCodec::h264 ? use_of_h264(bytes[begin]) : use_of_hevc(bytes[begin]);
    if (use == NalUse::drop || (use == NalUse::parameter_set && options.drop_parameter_sets)) continue;
    const auto size = end - begin;
    if (size > 0x7fffffff) return fail(ErrorCode::limit_exceeded, "A coded picture is larger than 2 GB.");
    picture = picture || is_picture(codec, bytes[begin]);
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
    out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin),
               bytes.begin() + static_cast<std::ptrdiff_t>(end));
  }
  if (!picture) return fail(ErrorCode::invalid_input, "A packet of the video holds no picture.");
  return {};
}

}  // namespace vf::media
