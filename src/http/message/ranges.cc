#include "http/message/ranges.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "http/message/fields.h"

namespace vf::http {
namespace {

using Answer = RangeChoice::Answer;

// About what the head of one part of multipart/byteranges takes.
constexpr std::int64_t kPartHead = 100;

// Digits only. A number too large for us means "beyond every end".
std::optional<std::int64_t> position(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  return wrong == std::errc{} ? out : std::numeric_limits<std::int64_t>::max();
}

// What one range-spec asks for; `bytes` is empty where it is well written but lies outside.
struct Spec {
  bool valid = false;
  std::optional<ByteRange> bytes;
};

Spec read_spec(std::string_view text, std::int64_t size) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first_text = trim(text.substr(0, dash)), last_text = trim(text.substr(dash + 1));
  if (first_text.empty()) {  // the last n bytes
    const auto length = position(last_text);
    if (!length) return {};
    if (*length == 0 || size == 0) return {true, std::nullopt};
    const auto take = std::min(*length, size);
    return {true, ByteRange{size - take, take}};
  }
  const auto first = position(first_text);
  const auto last = last_text.empty() ? std::optional(std::numeric_limits<std::int64_t>::max()) : position(last_text);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {true, std::nullopt};
  return {true, ByteRange{*first, std::min(*last, size - 1) - *first + 1}};
}

std::vector<ByteRange> joined(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ByteRange> out;
  for (const auto& next : ranges) {
    if (!out.empty() && next.first - (out.back().first + out.back().size) < kPartHead)
      out.back().size = std::max(out.back().size, next.first + next.size - out.back().first);
    else
      out.push_back(next);
  }
  return out;
}

}  // namespace

RangeChoice choose_ranges(std::string_view field, std::int64_t size) {
  const auto equals = field.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(trim(field.substr(0, equals)), "bytes")) return {};
  const auto specs = split_list(field.substr(equals + 1));
  std::vector<ByteRange> wanted;
  for (const auto text : specs) {
    const auto spec = read_spec(text, size);
    if (!spec.valid) return {};
    if (spec.bytes) wanted.push_back(*spec.bytes);
  }
  if (specs.empty()) return {};
  if (wanted.empty()) return {Answer::unsatisfiable, {}};
  auto ranges = joined(std::move(wanted));
  if (ranges.size() > kMostRanges) return {Answer::unsatisfiable, {}};
  return {Answer::partial, std::move(ranges)};
}

std::string content_range(const ByteRange& range, std::int64_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, size);
}

std::string content_range_unsatisfied(std::int64_t size) { return fmt::format("bytes */{}", size); }

}  // namespace vf::http
