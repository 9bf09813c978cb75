// Dates of HTTP (RFC 9110 5.6.7): whole seconds since 1970, UTC. Independent of the process' locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vf::http {

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string format_http_date(std::int64_t seconds);

// That form and the two obsolete ones; nothing for everything else, which a recipient ignores.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace vf::http
