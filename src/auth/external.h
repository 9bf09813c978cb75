// From an identity that a provider vouches for to an account of ours: linked, made, or refused.
//
// Accounts are linked by issuer and subject only. An equal e-mail address or name links nothing: whoever may
// choose those at a provider could take an account over. Where the claims map to a role, the account has that
// role from each sign-in on. Thread-safe; store and users outlive it.
#pragma once

#include <string>

#include "auth/oidc.h"
#include "auth/short_cache.h"
#include "auth/users.h"

namespace vf::auth {

class External {
 public:
  External(store::UserStore& store, Users& users, Clock clock)
      : store_(store), users_(users), clock_(std::move(clock)), bearers_(30 * kSecond) {}

  void add(OidcProvider provider, HttpCall call);
  OidcClient* find(std::string_view name);
  const std::vector<std::unique_ptr<OidcClient>>& providers() const { return clients_; }

  // The account to sign in. Errors: invalid_argument with a public sentence where there is none for it.
  Result<store::User> account(const OidcClient& client, const Identity& who);
  // conflict: the identity is linked to some account already.
  Result<void> link(const Identity& who, const std::string& user);

  // Whoever an access token of a configured issuer stands for; nothing when it is no issuer's we know.
  Result<std::optional<Principal>> bearer(std::string_view token);

 private:
  Result<store::User> make(const Identity& who);
  Result<store::User> follow_role(store::User user, const Identity& who);

  store::UserStore& store_;
  Users& users_;
  Clock clock_;
  std::vector<std::unique_ptr<OidcClient>> clients_;
  ShortCache<std::string> bearers_;  // hash of a verified token: its user
};

}  // namespace vf::auth
