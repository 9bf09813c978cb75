#include "media/encode/clean_packet.h"

namespace vf::media {
namespace {

constexpr std::uint8_t kUserDataUnregistered = 5;

bool is_remark(NalCodec codec, std::span<const std::uint8_t> nal) {
  if (codec == NalCodec::h264) return nal.size() > 2 && (nal[0] & 0x1f) == 6 && nal[1] == kUserDataUnregistered;
  return nal.size() > 3 && (nal[0] >> 1 & 0x3f) == 39 && nal[2] == kUserDataUnregistered;
}

}  // namespace

void drop_encoder_remarks(NalCodec codec, std::vector<std::uint8_t>& sample) {
  std::size_t at = 0;
  while (at + 4 <= sample.size()) {
    const std::size_t size = std::size_t{sample[at]} << 24 | std::size_t{sample[at + 1]} << 16 |
                             std::size_t{sample[at + 2]} << 8 | sample[at + 3];
    if (size > sample.size() - at - 4) return;
    const auto begin = sample.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(4 + size);
    if (is_remark(codec, std::span(begin + 4, end)))
      sample.erase(begin, end);
    else
      at += 4 + size;
  }
}

std::span<const std::uint8_t> without_temporal_delimiters(std::span<const std::uint8_t> unit) {
  // obu_header: type 2, with the size flag and no extension; then a size of 0 (AV1 5.3.2, 5.6).
  while (unit.size() >= 2 && unit[0] == 0x12 && unit[1] == 0) unit = unit.subspan(2);
  return unit;
}

}  // namespace vf::media
