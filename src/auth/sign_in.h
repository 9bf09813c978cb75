// Signing in with a name and a password, and a code where the account has a second factor.
//
// A wrong password, an unknown name and a disabled account have the same outcome and take the same argon2id
// hash. Thread-safe; blocks on the password pool.
#pragma once

#include <optional>
#include <string>

#include "auth/password.h"
#include "auth/second_factor.h"
#include "auth/sessions.h"
#include "auth/sign_in_guard.h"
#include "store/users.h"

namespace vf::auth {

struct Credentials {
  std::string name;
  std::string password;
  std::string code;  // of the second factor; empty: none given
};

enum class SignInOutcome { signed_in, wrong, code_needed, code_wrong, wait };

struct SignedIn {
  SignInOutcome outcome = SignInOutcome::wrong;
  std::string user;                // id, where the name is known: for the audit log, not for the client
  std::optional<Granted> granted;  // of signed_in
  std::int64_t wait = 0;           // milliseconds, of wait
};

class SignIn {
 public:
  // All of these outlive this.
  SignIn(store::UserStore& store, PasswordHasher& hasher, SecondFactor& second, Sessions& sessions, SignInGuard& guard,
         Clock clock)
      : store_(store), hasher_(hasher), second_(second), sessions_(sessions), guard_(guard), clock_(std::move(clock)) {}

  Result<SignedIn> attempt(const Credentials& given, const Client& client, bool browser);

 private:
  Result<SignInOutcome> check(const std::optional<store::User>& user, const Credentials& given);
  Result<void> renew_hash(const store::User& user, const std::string& password);

  store::UserStore& store_;
  PasswordHasher& hasher_;
  SecondFactor& second_;
  Sessions& sessions_;
  SignInGuard& guard_;
  Clock clock_;
};

}  // namespace vf::auth
