// How often each kind of caller may ask: the presets, whose budget a request draws from, and the fields that
// tell (draft-ietf-httpapi-ratelimit-headers-07, the three fields of its drafts before, and X-RateLimit-*).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/rate_limit.h"
#include "http/endpoint.h"

namespace vf::http {

struct RateRules {
  auth::Quota api{100, 15 * auth::kMinute};
  std::int64_t api_signed_in = 100;  // times the quota above
  auth::Quota auth{5, 15 * auth::kMinute};
  auth::Quota webhook{1000, auth::kHour};
  auth::Quota pipeline{10, auth::kHour};
  auth::Quota upload{20, auth::kHour};

  // Another name for whose budget it is ("team 7"); nothing: as always. Called from any thread.
  std::function<std::optional<std::string>(const Request&, const auth::Principal&, RateClass)> key;
};

// The quota and the name of the budget. `api`: by key, else by user, else by address. The others: by user
// (more keys give no more), else by address.
struct Budget {
  auth::Quota quota;
  std::string key;
};
Budget budget_of(const RateRules& rules, const Request& request, const auth::Principal& who, RateClass rate);

using Fields = std::vector<std::pair<std::string, std::string>>;

// `now`: Unix milliseconds. Nothing where there is no limit.
Fields rate_fields(const auth::Allowance& allowance, std::int64_t now);

// Whole seconds, at least one, for Retry-After.
std::int64_t retry_seconds(std::int64_t milliseconds);

}  // namespace vf::http
