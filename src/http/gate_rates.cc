#include "http/gate_rates.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/rfc3339.h"

namespace vf::http {
namespace {

struct ClassRow {
  RateClass rate;
  std::string_view name;
  auth::Quota RateRules::* quota;
};

constexpr std::array<ClassRow, 5> kClasses{{
    {RateClass::api, "api", &RateRules::api},
    {RateClass::auth, "auth", &RateRules::auth},
    {RateClass::webhook, "webhook", &RateRules::webhook},
    {RateClass::pipeline, "pipeline", &RateRules::pipeline},
    {RateClass::upload, "upload", &RateRules::upload},
}};

std::string caller(const Request& request, const auth::Principal& who, RateClass rate) {
  if (rate == RateClass::api && !who.key.empty()) return "key " + who.key;
  if (!who.anonymous()) return "user " + who.user;
  return "address " + auth::address_group(request.peer);
}

}  // namespace

Budget budget_of(const RateRules& rules, const Request& request, const auth::Principal& who, RateClass rate) {
  const auto row = std::ranges::find(kClasses, rate, &ClassRow::rate);
  if (row == kClasses.end()) return {};
  Budget budget{rules.*row->quota, {}};
  if (rate == RateClass::api && !who.anonymous()) budget.quota.limit *= rules.api_signed_in;
  auto own = rules.key ? rules.key(request, who, rate) : std::nullopt;
  budget.key = fmt::format("{} {}", row->name, own ? *own : caller(request, who, rate));
  return budget;
}

std::int64_t retry_seconds(std::int64_t milliseconds) {
  return std::max<std::int64_t>(1, (milliseconds + auth::kSecond - 1) / auth::kSecond);
}

Fields rate_fields(const auth::Allowance& allowance, std::int64_t now) {
  if (allowance.quota.limit <= 0) return {};
  const auto limit = std::to_string(allowance.quota.limit), remaining = std::to_string(allowance.remaining);
  const auto reset = (allowance.reset_after + auth::kSecond - 1) / auth::kSecond;
  return {{"RateLimit", fmt::format("limit={}, remaining={}, reset={}", limit, remaining, reset)},
          {"RateLimit-Policy", fmt::format("{};w={}", limit, allowance.quota.period / auth::kSecond)},
          {"RateLimit-Limit", limit},
          {"RateLimit-Remaining", remaining},
          {"RateLimit-Reset", std::to_string(reset)},
          {"X-RateLimit-Limit", limit},
          {"X-RateLimit-Remaining", remaining},
          {"X-RateLimit-Reset", format_rfc3339(now + allowance.reset_after)}};
}

}  // namespace vf::http
