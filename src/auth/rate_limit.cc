#include "auth/rate_limit.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/cidr.h"

namespace vf::auth {

// With T = period / limit between requests: one is let through while the budget's moment of wholeness lies
// no further than period - T ahead. T is kept in microseconds, so that 10,000 in 15 minutes count right.
Allowance RateLimiter::take(const std::string& key, const Quota& quota) {
  if (quota.limit <= 0 || quota.period <= 0) return {};
  const auto now = clock_() * 1000;
  const auto period = quota.period * 1000;
  const auto each = std::max<std::int64_t>(1, period / quota.limit);
  const auto burst = each * quota.limit;
  // The ceiling is a bound also on what stands there: after a clock that jumped back nobody waits longer than a
  // period.
  const auto raised = cache_.raise("rate " + key, now, each, now + burst, std::chrono::milliseconds(quota.period));
  if (!raised) return {.quota = quota, .remaining = quota.limit};
  const auto full_at = raised->value;
  Allowance out{.allowed = raised->done, .quota = quota};
  out.remaining = (now + burst - full_at) / each;
  out.reset_after = (full_at - now + 999) / 1000;
  if (!out.allowed) out.retry_after = (full_at + each - burst - now + 999) / 1000;
  return out;
}

std::optional<std::int64_t> BlockList::blocked_for(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  const auto* record = strikes_.find(address);
  const auto now = clock_();
  if (!record || record->until <= now) return std::nullopt;
  return record->until - now;
}

bool BlockList::strike(const std::string& address) {
  if (rules_.strikes <= 0) return false;
  const std::scoped_lock lock(mutex_);
  auto& record = strikes_.at(address);
  const auto now = clock_();
  record.refusals.push_back(now);
  while (record.refusals.front() <= now - rules_.within) record.refusals.pop_front();
  if (static_cast<int>(record.refusals.size()) < rules_.strikes) return false;
  record.refusals.clear();
  record.since = now;
  record.until = now + rules_.duration;
  return true;
}

std::vector<BlockedAddress> BlockList::list() {
  const std::scoped_lock lock(mutex_);
  std::vector<BlockedAddress> out;
  const auto now = clock_();
  strikes_.each([&](const std::string& address, const Record& record) {
    if (record.until > now) out.push_back({address, record.since, record.until});
  });
  std::ranges::sort(out, {}, &BlockedAddress::address);
  return out;
}

bool BlockList::release(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  const auto* record = strikes_.find(address);
  const bool was = record && record->until > clock_();
  strikes_.erase(address);
  return was;
}

std::string address_group(std::string_view address) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return std::string(address);
  if (parsed->v4()) return parsed->text();
  const auto network = Cidr::parse(fmt::format("{}/64", parsed->text()));
  return network ? network->text() : parsed->text();
}

}  // namespace vf::auth
