// From an identity that a provider vouches for to an account of ours: linked, made, or refused.
//
// Accounts are linked by issuer and subject only. An equal e-mail address or name links nothing: whoever may
// choose those at a provider could take an account over. Where a role claim is configured, the provider rules over
// roles: at each sign-in the account gets what the claim says, or the default role; where neither gives one it is
// shut out. What happens to an account is written to the audit log. Thread-safe; what it refers to outlives it.
#pragma once

#include <string>

#include "auth/audit.h"
#include "auth/oidc.h"
#include "auth/short_cache.h"
#include "auth/users.h"

namespace vf::auth {

class External {
 public:
  External(store::UserStore& store, Users& users, Audit& audit, Clock clock)
      : store_(store), users_(users), audit_(audit), clock_(std::move(clock)), bearers_(30 * kSecond) {}

  void add(OidcProvider provider, HttpCall call);
  OidcClient* find(std::string_view name);
  const std::vector<std::unique_ptr<OidcClient>>& providers() const { return clients_; }

  // The account to sign in, from that address. Errors: invalid_argument with a public sentence where there is none
  // for it; conflict where its role would have to go, and it is the last admin.
  Result<store::User> account(const OidcClient& client, const Identity& who, const std::string& address);
  // conflict: the identity is linked to some account already.
  Result<void> link(const Identity& who, const std::string& user);

  // Whoever an access token of a configured issuer stands for; nothing when it is no issuer's we know. It makes and
  // changes no account, and where roles are the provider's it acts with at most what the token itself says.
  Result<std::optional<Principal>> bearer(std::string_view token);

 private:
  struct Bearer {
    std::string user;
    Role most = Role::viewer;
  };
  Result<store::User> make(const Identity& who, const std::string& provider, const std::string& address);
  Result<store::User> follow_role(store::User user, Role role, const std::string& provider, const std::string& address);
  Result<void> shut_out(const store::User& user, const std::string& provider, const std::string& address);

  store::UserStore& store_;
  Users& users_;
  Audit& audit_;
  Clock clock_;
  std::vector<std::unique_ptr<OidcClient>> clients_;
  ShortCache<Bearer> bearers_;  // by hash of a verified token
};

}  // namespace vf::auth
