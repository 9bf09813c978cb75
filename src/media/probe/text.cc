#include "media/probe/text.h"

#include <cstdint>

namespace vf::media {
namespace {

struct Decoded {
  char32_t code;       // U+FFFD where the bytes are no character
  std::size_t length;  // bytes used, at least 1
};

// One character of `text` (not empty), by the well-formed sequences of the Unicode Standard, table 3-7.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const auto continued = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first <= 0xDF && continued(1)) return {((first & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  if (first >= 0xE0 && first <= 0xEF && continued(1) && continued(2)) {
    const char32_t code = ((first & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (first >= 0xF0 && first <= 0xF4 && continued(1) && continued(2) && continued(3)) {
    const char32_t code =
        ((first & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {0xFFFD, 1};
}

bool hides(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string clean_text(std::string_view raw, std::size_t limit, bool& cut) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  while (!raw.empty()) {
    const auto [code, length] = decode(raw);
    const bool broken = code == 0xFFFD && length == 1;
    const std::string_view piece = broken ? kReplacement : hides(code) ? " " : raw.substr(0, length);
    if (out.size() + piece.size() > limit) {
      cut = true;
      break;
    }
    out += piece;
    raw.remove_prefix(length);
  }
  return out;
}

}  // namespace vf::media
