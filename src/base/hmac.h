// HMAC-SHA-256 (RFC 2104, FIPS 198-1), as lower-case hexadecimal.
#pragma once

#include <string>
#include <string_view>

namespace vf {

std::string hmac_sha256_hex(std::string_view key, std::string_view text);

}  // namespace vf
