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

std::int64_t SignInGuard::waiting(const std::string& key, int free) {
  const auto* record = failures_.find(key);
  const auto now = clock_();
  if (!record || record->failures < free || now >= record->last + rules_.forget_after) return 0;
  const int doublings = std::min(record->failures - free, 20);
  const auto wait = std::min(rules_.first_wait << doublings, rules_.longest_wait);
  return std::clamp<std::int64_t>(record->last + wait - now, 0, wait);
}

std::optional<std::int64_t> SignInGuard::wait(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  const auto longest = std::max(waiting(pair_key(account, address), rules_.free_for_account),
                                waiting(address_group(address), rules_.free_for_address));
  return longest > 0 ? std::optional(longest) : std::nullopt;
}

void SignInGuard::failed(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_();
  for (const auto& key : {pair_key(account, address), address_group(address)}) {
    auto& record = failures_.at(key);
    if (now >= record.last + rules_.forget_after) record.failures = 0;
    ++record.failures;
    record.last = now;
  }
}

void SignInGuard::succeeded(std::string_view account, std::string_view address) {
  const std::scoped_lock lock(mutex_);
  failures_.erase(pair_key(account, address));
}

}  // namespace vf::auth
