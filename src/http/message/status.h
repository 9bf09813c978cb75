// Reason phrases of status codes (RFC 9110 15), and which of our error codes becomes which status.
#pragma once

#include <string_view>

#include "base/error.h"

namespace vf::http {

// "Not Found"; empty for a code that is not in the table.
std::string_view reason_phrase(int status);

int status_of(ErrorCode code);

}  // namespace vf::http
