// Fetches one resource over http or https into a file, with limits, and only from public addresses.
//
// Every address that a name resolves to is checked before a connection is made to it, at every
// redirect anew, so that neither a redirect nor a name that changes its answer reaches a machine
// inside (SSRF; RFC 6890 lists the special ranges).
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"

struct sockaddr;

namespace vf::net {

struct FetchLimits {
  std::int64_t max_bytes = 50LL << 30;
  int max_redirects = 5;
  int connect_seconds = 10;
  int stall_seconds = 30;      // without at least 1 kB/s in that time: ended
  bool allow_private = false;  // also loopback and private ranges (a person's own command line)
};

// Writes the body to `fd`. `progress` gets bytes so far and in all (0 = unknown).
// Errors: invalid_argument (not http(s), a forbidden address), not_found (404, 410), unavailable
// (connection, 5xx), timeout, limit_exceeded, cancelled, and what writing says; messages name shown_address().
Result<void> fetch(const std::string& url, int fd, const FetchLimits& limits, std::stop_token stop,
                   const std::function<void(std::int64_t, std::int64_t)>& progress = {});

// An address as messages and logs may show it: without name, password, query and fragment, where secrets stand.
std::string shown_address(std::string_view url);

// Whether an address (sockaddr_in or sockaddr_in6) is on the public internet.
bool is_public_address(const sockaddr* address);

}  // namespace vf::net
