#include "http/video_details.h"

#include <array>

#include <fmt/format.h>

#include "http/message/fields.h"

namespace vf::http {
namespace {

// One code point at the beginning of the text, and its bytes; 0xFFFD and one byte where it is no UTF-8.
struct CodePoint {
  char32_t value = 0xFFFD;
  std::size_t bytes = 1;
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 && lead < 0xF5   ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

// Marks that change the direction in which the text around them is shown (Unicode 9, "Bidi_Control").
bool turns_direction(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// The text without what `drop` names, at most `limit` bytes of it.
template <typename Drop>
std::string filtered(std::string_view text, std::size_t limit, Drop drop) {
  std::string out;
  while (!text.empty()) {
    const auto [value, bytes] = first_code_point(text);
    const auto piece = value == 0xFFFD ? std::string_view("\xEF\xBF\xBD") : text.substr(0, bytes);
    if (!drop(value)) {
      if (out.size() + piece.size() > limit) break;
      out += piece;
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string lines(std::string_view text) {
  return filtered(text, text.size() * 3, [](char32_t c) { return is_control(c) && c != '\n' && c != '\t'; });
}

std::unexpected<Error> bad(std::string pointer, std::string message) {
  return std::unexpected(Error{ErrorCode::invalid_argument, fmt::format("At {}: {}", pointer, message), {}, pointer});
}

}  // namespace

std::string one_line(std::string_view text) {
  return std::string(
      trim(filtered(text, text.size() * 3, [](char32_t c) { return is_control(c) || turns_direction(c); })));
}

Result<VideoDetails> checked(VideoDetails details) {
  if (details.title) {
    details.title = one_line(*details.title);
    if (details.title->empty() || details.title->size() > kLongestTitle)
      return bad("/title", fmt::format("expected 1 to {} bytes.", kLongestTitle));
  }
  if (details.description) {
    details.description = lines(*details.description);
    if (details.description->size() > kLongestDescription)
      return bad("/description", fmt::format("expected at most {} bytes.", kLongestDescription));
  }
  if (details.tags) {
    if (details.tags->size() > kMostTags) return bad("/tags", fmt::format("expected at most {} tags.", kMostTags));
    for (auto& tag : *details.tags) {
      tag = one_line(tag);
      if (tag.empty() || tag.size() > kLongestTag)
        return bad("/tags", fmt::format("expected tags of 1 to {} bytes.", kLongestTag));
    }
  }
  if (const auto& v = details.visibility; v && *v != "public" && *v != "unlisted" && *v != "private")
    return bad("/visibility", "expected public, unlisted or private.");
  return details;
}

std::vector<std::string> tags_from(std::string_view text) {
  std::vector<std::string> out;
  for (const auto part : split_list(text))
    if (const auto tag = trim(part); !tag.empty()) out.emplace_back(tag);
  return out;
}

std::string clean_file_name(std::string_view name) {
  auto clean = filtered(name, name.size() * 3, [](char32_t c) { return is_control(c) || turns_direction(c); });
  clean = clean.substr(clean.find_last_of("/\\") + 1);
  return filtered(clean, kLongestFileName, [](char32_t) { return false; });
}

std::string title_from(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  const auto stem = trim(dot == std::string_view::npos || dot == 0 ? file_name : file_name.substr(0, dot));
  return stem.empty() ? "Untitled" : std::string(stem);
}

}  // namespace vf::http
