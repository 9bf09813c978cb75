// The door before every handler, with accounts behind it: blocked addresses, credentials, budget, permission,
// in that order. Credentials are a bearer token (RFC 6750) or `x-api-key`, never both, never in the URL.
//
// Thread-safe; what it refers to outlives it.
#pragma once

#include "auth/api_keys.h"
#include "auth/audit.h"
#include "auth/external.h"
#include "auth/rate_limit.h"
#include "auth/sessions.h"
#include "http/gate.h"
#include "http/gate_rates.h"

namespace vf::http {

class AccountsGate final : public Gate {
 public:
  AccountsGate(auth::Sessions& sessions, auth::ApiKeys& keys, auth::External& external, auth::RateLimiter& limiter,
               auth::BlockList& blocks, auth::Audit& audit, RateRules rules, auth::Clock clock)
      : sessions_(sessions),
        keys_(keys),
        external_(external),
        limiter_(limiter),
        blocks_(blocks),
        audit_(audit),
        rules_(std::move(rules)),
        clock_(std::move(clock)),
        told_(auth::kMinute) {}

  std::variant<Admitted, Response> admit(const Request& request, const Endpoint& endpoint) override;
  bool still_admits(const Request& request, const Endpoint& endpoint, const auth::Principal& who) override;

 private:
  using Caller = std::variant<auth::Principal, Response>;
  std::optional<Response> blocked(const Request& request);
  Caller authenticate(const Request& request, const Endpoint& endpoint);
  Caller by_key(const Request& request, const std::string& text);
  Caller by_token(const Request& request, std::string_view field);
  Response outside_ranges(const Request& request);
  Response too_often(const Request& request, const auth::Allowance& allowance);

  auth::Sessions& sessions_;
  auth::ApiKeys& keys_;
  auth::External& external_;
  auth::RateLimiter& limiter_;
  auth::BlockList& blocks_;
  auth::Audit& audit_;
  RateRules rules_;
  auth::Clock clock_;
  auth::ShortCache<bool> told_;  // refusals that were written to the audit log a moment ago
};

}  // namespace vf::http
