// Signing in with a name and a password, and a code or a passkey where the account has a second factor.
//
// A wrong password, an unknown name and a disabled account have the same outcome and take the same argon2id
// hash. Thread-safe; blocks on the password pool.
#pragma once

#include <optional>
#include <string>

#include "auth/passkeys.h"
#include "auth/password.h"
#include "auth/second_factor.h"
#include "auth/sessions.h"
#include "auth/sign_in_guard.h"
#include "store/users.h"

namespace vf::auth {

struct Credentials {
  std::string name;
  std::string password;
  std::string code;                        // of the second factor; empty: none given
  std::optional<json::object> credential;  // a passkey's answer in its place
  RelyingParty us;                         // for that
};

// `code_needed`, `code_wrong`: the second factor, whichever it is.
enum class SignInOutcome { signed_in, wrong, code_needed, code_wrong, wait };

struct FactorCheck {
  SignInOutcome outcome = SignInOutcome::wrong;
  std::int64_t wait = 0;  // milliseconds, of wait
};

struct SignedIn {
  SignInOutcome outcome = SignInOutcome::wrong;
  std::string user;                // id, where the name is known: for the audit log, not for the client
  std::optional<Granted> granted;  // of signed_in
  std::optional<store::User>
      account;            // of code_needed, code_wrong and a wait for the next code: the password was right
  std::int64_t wait = 0;  // milliseconds, of wait
};

class SignIn {
 public:
  // All of these outlive this. `passkeys`: none, where they are not offered.
  SignIn(store::UserStore& store, PasswordHasher& hasher, SecondFactor& second, Passkeys* passkeys, Sessions& sessions,
         SignInGuard& guard, Clock clock)
      : store_(store),
        hasher_(hasher),
        second_(second),
        passkeys_(passkeys),
        sessions_(sessions),
        guard_(guard),
        clock_(std::move(clock)) {}

  // Whether the account asks for more than a password.
  static bool is_second_factor_needed(const store::User& user) { return user.totp_active || user.passkey_required; }
  // Whether the given code or credential is right: code_needed without either. Codes are counted (sign_in_guard.h);
  // a passkey cannot be guessed and is let through at any time. Ask where the password was right.
  Result<FactorCheck> check_second_factor(const store::User& user, const Credentials& given);
  // Whether that is the first code of an app that was just set up: its recovery codes. Wrong ones are counted likewise.
  struct Confirmation {
    FactorCheck check;
    std::vector<std::string> recovery_codes;
  };
  Result<Confirmation> confirm_second_factor(const store::User& user, const std::string& code);

  Result<SignedIn> attempt(const Credentials& given, const Client& client, bool browser);

 private:
  Result<FactorCheck> check(const std::optional<store::User>& user, const Credentials& given);
  Result<void> renew_hash(const store::User& user, const std::string& password);

  store::UserStore& store_;
  PasswordHasher& hasher_;
  SecondFactor& second_;
  Passkeys* passkeys_;
  Sessions& sessions_;
  SignInGuard& guard_;
  Clock clock_;
};

}  // namespace vf::auth
