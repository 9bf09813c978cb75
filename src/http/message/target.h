// The request target (RFC 9112 3.2, RFC 3986) as a path and a query that are safe to look at.
//
// The path is percent-decoded once and is then valid UTF-8 without control characters, without "." and
// ".." segments, and without a slash that was encoded; everything else is an error (400), never mended.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message/message.h"

namespace vf::http {

struct Target {
  std::string path;
  Query query;
  std::string host;  // of the absolute form ("GET http://host/path"); otherwise empty
};

// Errors: invalid_argument, with what is wrong.
Result<Target> parse_target(std::string_view target);

// "a=1&b=%C3%A4+c", as a query and a form body have it. At most 200 pairs.
Result<Query> parse_form(std::string_view text);

Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// Everything but unreserved characters (RFC 3986 2.3) encoded; for links that we make.
std::string percent_encode(std::string_view text);

bool is_utf8(std::string_view text);  // RFC 3629: no surrogates, nothing overlong, at most U+10FFFF

}  // namespace vf::http
