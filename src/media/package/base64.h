// Base64 (RFC 4648 section 4) for boxes inside JSON and manifests. Internal to media/package.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::media {

std::string base64_encode(std::string_view bytes);

// Strict: no white space, padding required. Errors: invalid_argument.
Result<std::string> base64_decode(std::string_view text);

// Lower-case hexadecimal, and back (errors: invalid_argument).
std::string hex_encode(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);

}  // namespace vf::media
