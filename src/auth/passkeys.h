// Passkeys of accounts: put there by their owner, who is signed in; then enough to sign in with, since the
// authenticator asks for a finger, a face or a PIN of its own.
//
// A challenge is good once, for five minutes, for the ceremony and the user it was made for; challenges live
// in this process. Thread-safe; the stores outlive it.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "auth/clock.h"
#include "auth/webauthn.h"
#include "base/recent.h"
#include "store/passkeys.h"
#include "store/users.h"

namespace vf::auth {

// Where we are, as the browser sees it.
struct RelyingParty {
  std::string id;                    // host name
  std::vector<std::string> origins;  // ours first
};

class Passkeys {
 public:
  Passkeys(store::PasskeyStore& store, store::UserStore& users, Clock clock, std::string title)
      : store_(store), users_(users), clock_(std::move(clock)), title_(std::move(title)), challenges_(10'000) {}

  // PublicKeyCredentialCreationOptionsJSON
  Result<json::object> creation_options(const store::User& user, const RelyingParty& us);
  Result<store::Passkey> add(const store::User& user, const std::string& name, const json::object& credential,
                             const RelyingParty& us);
  // PublicKeyCredentialRequestOptionsJSON: any passkey of ours.
  json::object request_options(const RelyingParty& us);
  // Whose passkey answered. Errors: invalid_argument with one public sentence, whatever was wrong.
  Result<store::User> sign_in(const json::object& credential, const RelyingParty& us);

  // The same beside a password: one of this user's own, for a challenge that was made for this.
  Result<json::object> second_factor_options(const store::User& user, const RelyingParty& us);
  Result<bool> confirm(const store::User& user, const json::object& credential, const RelyingParty& us);

  Result<std::vector<store::Passkey>> list(const std::string& user) { return store_.list(user); }
  Result<bool> remove(const std::string& id, const std::string& user) { return store_.remove(id, user); }

 private:
  struct Challenge {
    std::string user;  // empty: a sign-in; "second <id>": beside that user's password
    std::int64_t ends = 0;
  };
  std::string new_challenge(const std::string& user);
  // The passkey that gave the answer, which is counted.
  Result<store::Passkey> answered(const json::object& credential, const std::string& challenge_of,
                                  const RelyingParty& us);
  // The challenge that the browser answered, if it is one of ours for this; it is used up.
  Result<std::string> take_challenge(const AuthenticatorAnswer& answer, const std::string& user);

  store::PasskeyStore& store_;
  store::UserStore& users_;
  Clock clock_;
  std::string title_;
  std::mutex mutex_;
  Recent<Challenge> challenges_;
};

}  // namespace vf::auth
