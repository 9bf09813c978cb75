#include <cstdint>
#include <string>
#include <string_view>

#include "media/scale/subtitle_track.h"

namespace vf::media {
namespace {

// Big-endian numbers of a font; 0 beyond its end.
class Bytes {
 public:
  explicit Bytes(std::string_view data) : data_(data) {}
  std::uint32_t u8(std::size_t at) const { return at < data_.size() ? static_cast<std::uint8_t>(data_[at]) : 0; }
  std::uint32_t u16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }
  std::uint32_t u32(std::size_t at) const { return u16(at) << 16 | u16(at + 2); }

 private:
  std::string_view data_;
};

constexpr std::uint32_t kCollection = 0x74746366;  // "ttcf"
constexpr std::uint32_t kNameTable = 0x6e616d65;   // "name"

}  // namespace

std::string font_family(std::string_view font) {
  const Bytes bytes(font);
  const std::size_t start = bytes.u32(0) == kCollection ? bytes.u32(12) : 0;
  const auto tables = bytes.u16(start + 4);
  std::size_t table = 0;
  for (std::size_t i = 0; i < tables; ++i)
    if (const auto record = start + 12 + 16 * i; bytes.u32(record) == kNameTable) table = bytes.u32(record + 8);
  if (table == 0) return {};
  const auto strings = table + bytes.u16(table + 4);
  for (std::size_t i = 0; i < bytes.u16(table + 2); ++i) {
    const auto record = table + 6 + 12 * i;
    constexpr std::uint32_t kFamily = 1, kWindows = 3, kMacintosh = 1;
    const auto platform = bytes.u16(record);
    if (bytes.u16(record + 6) != kFamily || (platform != kWindows && platform != kMacintosh)) continue;
    const auto length = bytes.u16(record + 8);
    const auto at = strings + bytes.u16(record + 10);
    std::string name;
    // Windows names are UTF-16; a family outside ASCII is passed over, libass would compare UTF-8.
    const std::size_t step = platform == kWindows ? 2 : 1;
    bool plain = true;
    for (std::size_t j = 0; j + step <= length; j += step) {
      const auto c = step == 2 ? bytes.u16(at + j) : bytes.u8(at + j);
      plain = plain && c >= 0x20 && c < 0x7f;
      name += static_cast<char>(c);
    }
    if (plain && !name.empty()) return name;
  }
  return {};
}

}  // namespace vf::media
