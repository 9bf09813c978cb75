#include "auth/sign_in_guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/rate_limit.h"

namespace vf::auth {
namespace {

std::string pair_key(std::string_view account, std::string_view address) {
  return fmt::format("{} {}", address_group(address), account);
}

}  // namespace

std::int64_t SignInGuard::waiting(Recent<Record>& records, const std::string& key, int free) {
  const auto* record = records.find(key);
  const auto now = clock_();
  if (!record || record->failures < free || now >= record->last + rules_.forget_after) return 0;
  const int doublings = std::min(record->failures - free, 20);
  const auto wait = std::min(rules_.first_wait << doublings, rules_.longest_wait);
  return std::clamp<std::int64_t>(record->last + wait - now, 0, wait);
}

std::optional<std::int64_t> SignInGuard::wait(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  const auto longest = std::max(waiting(failures_, pair_key(account, address), rules_.free_for_account),
                                waiting(failures_, address_group(address), rules_.free_for_address));
  return longest > 0 ? std::optional(longest) : std::nullopt;
}

void SignInGuard::count(Record& record, std::int64_t now, std::int64_t forget_after) {
  if (now >= record.last + forget_after) record.failures = 0;
  ++record.failures;
  record.last = now;
}

void SignInGuard::failed(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_();
  for (const auto& key : {pair_key(account, address), address_group(address)})
    count(failures_.at(key), now, rules_.forget_after);
}

std::optional<std::int64_t> SignInGuard::begin_code(const std::string& user) {
  const std::scoped_lock lock(mutex_);
  if (const auto wait = waiting(codes_, user, rules_.free_codes); wait > 0) return wait;
  count(codes_.at(user), clock_(), rules_.forget_after);
  return std::nullopt;
}

void SignInGuard::code_was_right(const std::string& user) {
  const std::scoped_lock lock(mutex_);
  codes_.erase(user);
}

void SignInGuard::succeeded(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  failures_.erase(pair_key(account, address));
}

}  // namespace vf::auth
