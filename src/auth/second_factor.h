// The second factor of an account: an authenticator app, and ten recovery codes for when it is lost.
// Thread-safe; store and keys outlive it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/clock.h"
#include "auth/server_keys.h"
#include "store/users.h"

namespace vf::auth {

struct Enrolment {
  std::string secret;  // base32
  std::string uri;     // otpauth://, for the QR code
};

class SecondFactor {
 public:
  SecondFactor(store::UserStore& store, const SecretBox& box, Clock clock, std::string issuer)
      : store_(store), box_(box), clock_(std::move(clock)), issuer_(std::move(issuer)) {}

  // A new secret, which counts once confirm() has seen a code of it. Errors: conflict when one counts already.
  Result<Enrolment> enroll(const store::User& user);
  // The recovery codes, shown once; nothing for a wrong code. Errors: conflict when none waits.
  Result<std::optional<std::vector<std::string>>> confirm(const store::User& user, std::string_view code);
  // Whether it is the app's code, or a recovery code that was not used; either is used up by it.
  Result<bool> check(const store::User& user, std::string_view code);
  Result<void> remove(const std::string& user);
  Result<std::int64_t> recovery_codes_left(const std::string& user) { return store_.recovery_codes_left(user); }

 private:
  Result<std::string> secret_of(const store::User& user);
  store::UserStore& store_;
  const SecretBox& box_;
  Clock clock_;
  std::string issuer_;
};

}  // namespace vf::auth
