// One small request to a service that the operator configured (an identity provider, a webhook), answered in
// memory. Redirects are not followed: a service is asked where it is configured, and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace vf::net {

struct Call {
  std::string method = "GET";
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct CallLimits {
  std::int64_t max_bytes = 1 << 20;  // of the answer
  int connect_seconds = 5;
  int total_seconds = 15;
  bool allow_private = true;  // the operator's own network; false for addresses that users give
};

struct Said {
  int status = 0;
  std::string body;
};

// Any status is an answer. Errors: invalid_argument, unavailable, timeout, limit_exceeded. Blocks; thread-safe.
Result<Said> call(const Call& call, const CallLimits& limits = {});

}  // namespace vf::net
