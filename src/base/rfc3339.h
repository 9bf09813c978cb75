// Points in time as the API writes them: RFC 3339, UTC, milliseconds ("2026-11-21T19:04:05.120Z").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vf {

// `milliseconds` since 1970.
std::string format_rfc3339(std::int64_t milliseconds);

// With "Z" or an offset, with or without a fraction (cut to milliseconds). Nothing for other text, days that
// do not exist, and years before 1970.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace vf
