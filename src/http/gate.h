// The door before every handler: who asks, whether they may, and whether it is too often. The router asks
// it once for each matched request; http/gate stands behind it, tests put their own there.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "http/endpoint.h"

namespace vf::http {

// Whoever was let in, and header fields for whatever will be answered (RateLimit-*, Set-Cookie).
struct Admitted {
  auth::Principal who;
  std::vector<std::pair<std::string, std::string>> headers;
};

class Gate {
 public:
  virtual ~Gate() = default;
  // Called by many threads at once; may block on the database. A Response is sent as
  // it is instead of the handler's: 401, 403, 404 or 429 as a problem (http/message/problem.h).
  virtual std::variant<Admitted, Response> admit(const Request& request, const Endpoint& endpoint) = 0;

  // Whether somebody who was let in would be let in now: asked again and again while events are sent. May block.
  virtual bool still_admits(const Request&, const Endpoint&, const auth::Principal&) { return true; }
};

}  // namespace vf::http
