// Conditional requests (RFC 9110 13): whether a request goes on, from its fields and what stands there now.
//
// The transport asks for GET and HEAD itself, of every answer with an ETag or Last-Modified. Handlers that
// change something ask evaluate() before they do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message/message.h"

namespace vf::http {

// What stands there now. `etag` with its quotes, W/ in front where it is weak; empty: none.
struct Validators {
  std::string etag;
  std::optional<std::int64_t> modified;  // seconds since 1970
  bool exists = true;                    // for "*"
};

enum class Precondition {
  go_on,
  not_modified,  // 304
  failed,        // 412
};

Precondition evaluate(const Request& request, const Validators& now);

// If-Range: true where the ranges of the request count, false where the whole is to be sent.
bool range_applies(const Request& request, const Validators& now);

// The text with its quotes: "abc", W/"abc".
std::string strong_etag(std::string_view opaque);
std::string weak_etag(std::string_view opaque);

}  // namespace vf::http
