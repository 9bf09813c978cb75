#include "base/trace_context.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include <fmt/format.h>

#include "base/sha256.h"

namespace vf {
namespace {

constexpr std::size_t kTraceDigits = 32, kSpanDigits = 16;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text, std::size_t digits) {
  return text.size() == digits && is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// Ids must differ, not be secret: a generator that was seeded once a thread is enough.
std::uint64_t random_bits() {
  static thread_local std::mt19937_64 random{(static_cast<std::uint64_t>(std::random_device{}()) << 32) ^
                                             std::random_device{}()};
  std::uint64_t out = 0;
  while (out == 0) out = random();
  return out;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  constexpr std::size_t kLength = 2 + 1 + kTraceDigits + 1 + kSpanDigits + 1 + 2;
  if (text.size() < kLength || text[2] != '-' || text[3 + kTraceDigits] != '-' ||
      text[4 + kTraceDigits + kSpanDigits] != '-')
    return std::nullopt;
  const auto version = text.substr(0, 2), flags = text.substr(kLength - 2, 2);
  if (!is_hex(version) || version == "ff" || !is_hex(flags)) return std::nullopt;
  if (version == "00" ? text.size() != kLength : text.size() > kLength && text[kLength] != '-') return std::nullopt;
  const auto trace = text.substr(3, kTraceDigits), span = text.substr(4 + kTraceDigits, kSpanDigits);
  if (!is_id(trace, kTraceDigits) || !is_id(span, kSpanDigits)) return std::nullopt;
  const auto low = flags[1];
  const int bits = low <= '9' ? low - '0' : low - 'a' + 10;
  return TraceContext{std::string(trace), std::string(span), (bits & 1) != 0};
}

std::string to_traceparent(const TraceContext& context) {
  return fmt::format("00-{}-{}-{}", context.trace, context.span, context.sampled ? "01" : "00");
}

std::string new_trace_id() { return fmt::format("{:016x}{:016x}", random_bits(), random_bits()); }
std::string new_span_id() { return fmt::format("{:016x}", random_bits()); }

std::string span_id_of(std::string_view text) {
  auto out = sha256_hex(text).substr(0, kSpanDigits);
  if (!is_id(out, kSpanDigits)) out.back() = '1';
  return out;
}

}  // namespace vf
