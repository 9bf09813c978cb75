// Slows guessing down. Failed sign-ins are counted for each account from each address, and for each address
// over all accounts (password spraying). Past a few, the next try waits, twice as long after each failure.
//
// Wrong passwords are not counted for an account alone: whoever guesses from elsewhere delays himself, not the owner.
// Wrong codes of the second factor are: only somebody who has the password can give one, from however many addresses.
// A botnet's one try from each of many addresses is met by the password policy, the cost of argon2id, and the
// second factor. Unknown names are counted like known ones. Thread-safe; in this process; bounded.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "auth/clock.h"
#include "base/recent.h"

namespace vf::auth {

struct GuardRules {
  int free_for_account = 5;   // failures for one account from one address that cost nothing
  int free_for_address = 20;  // failures from one address, whatever the account
  int free_codes = 5;         // wrong codes for one account, whatever the address
  std::int64_t first_wait = 30 * kSecond;
  std::int64_t longest_wait = kHour;
  std::int64_t forget_after = kDay;  // without another failure
};

class SignInGuard {
 public:
  SignInGuard(Clock clock, const GuardRules& rules)
      : clock_(std::move(clock)), rules_(rules), failures_(50'000), codes_(50'000) {}

  // Milliseconds to wait before the next try; nothing when it may come now. Ask before the password is looked at.
  std::optional<std::int64_t> wait(std::string_view account, std::string_view address);
  void failed(std::string_view account, std::string_view address);
  // The account's count from this address starts anew; the address's own does not, or an attacker would
  // sign in to his own account now and then.
  void succeeded(std::string_view account, std::string_view address);

  // A code is about to be looked at, and counts as wrong until it was right, so that many at once are many: nothing,
  // or milliseconds to wait before one may be. `user`: id. Ask only where the password was right.
  std::optional<std::int64_t> begin_code(const std::string& user);
  void code_was_right(const std::string& user);

 private:
  struct Record {
    int failures = 0;
    std::int64_t last = 0;
  };
  std::int64_t waiting(Recent<Record>& records, const std::string& key, int free);
  static void count(Record& record, std::int64_t now, std::int64_t forget_after);
  Clock clock_;
  GuardRules rules_;
  std::mutex mutex_;
  Recent<Record> failures_;
  Recent<Record> codes_;  // by user; apart, so that strangers' failures push none of them out
};

}  // namespace vf::auth
