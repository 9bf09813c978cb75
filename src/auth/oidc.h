// Signing in at somebody else's: OpenID Connect (Core 1.0, Discovery 1.0), authorization code with PKCE
// (RFC 7636), for any provider that publishes itself; and access tokens of such an issuer taken as bearer.
//
// One object for each configured provider. Discovery and keys are fetched when first needed and kept; a key
// that is not known is looked for again, at most every half minute. Thread-safe; blocks on the network.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/clock.h"
#include "auth/jwt.h"
#include "auth/principal.h"

namespace vf::auth {

struct OidcProvider {
  std::string name;    // in our URLs: "keycloak"
  std::string title;   // for people: "Company login"
  std::string issuer;  // exactly as the provider calls itself
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::vector<std::string> scopes{"openid", "profile", "email"};
  // Where roles stand among the claims: "groups", "realm_access.roles"; each value there that `roles` knows
  // counts, the highest wins. Without a match: `default_role`, or nobody gets in. Empty: roles are set here.
  std::string role_claim;
  std::map<std::string, Role> roles;
  std::optional<Role> default_role = Role::user;
  bool create_accounts = true;  // false: only identities that are linked
  // Access tokens of the issuer are taken as bearer when `api_claim` names this audience; empty: they are not.
  // ("client_id" for Amazon Cognito, whose access tokens have no audience.)
  std::string api_audience;
  std::string api_claim = "aud";
};

// How the network is asked; given by whoever wires (net/call.h), so that tests can look.
struct HttpAsk {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
struct HttpSaid {
  int status = 0;
  std::string body;
};
using HttpCall = std::function<Result<HttpSaid>(const HttpAsk&)>;

// What one sign-in has to remember until the browser comes back.
struct OidcPending {
  std::string provider;
  std::string state;
  std::string nonce;
  std::string verifier;  // PKCE
  std::string redirect_uri;
  std::string return_to;  // a path of ours
  std::string link;       // id of the user whose account is to be linked; empty: sign in
  std::int64_t ends = 0;  // Unix milliseconds
};
BOOST_DESCRIBE_STRUCT(OidcPending, (), (provider, state, nonce, verifier, redirect_uri, return_to, link, ends))

struct Identity {
  std::string issuer;
  std::string subject;
  std::string name;  // as the provider suggests; may be empty
  std::string email;
  std::optional<Role> role;  // of the claims or the default; none: may not get in
  bool rules_role = false;   // a role claim is configured: an account has this role from the sign-in on
};

class OidcClient {
 public:
  OidcClient(OidcProvider provider, HttpCall call, Clock clock)
      : provider_(std::move(provider)), call_(std::move(call)), clock_(std::move(clock)) {}

  const OidcProvider& provider() const { return provider_; }

  // Fresh state, nonce and verifier, and where to send the browser.
  struct Departure {
    OidcPending pending;
    std::string url;
  };
  Result<Departure> depart(const std::string& redirect_uri, const std::string& return_to, const std::string& link);

  // The code for who it is: the ID token's signature, issuer, audience, times and nonce are right.
  Result<Identity> arrive(const std::string& code, const OidcPending& pending);

  // Whoever an access token of the issuer stands for.
  Result<Identity> bearer(std::string_view token);

 private:
  struct Discovery {
    std::string authorization, token, jwks;
  };
  Result<Discovery> discover();
  Result<std::vector<VerifyKey>> keys(const std::string& key_id);
  Result<json::object> get_json(const std::string& url);
  Result<json::object> redeem(const std::string& code, const OidcPending& pending);
  Result<json::object> verify(std::string_view token, const JwtRules& rules);
  Identity identity(const json::object& claims) const;

  OidcProvider provider_;
  HttpCall call_;
  Clock clock_;
  std::mutex mutex_;
  std::optional<Discovery> discovery_;
  std::int64_t discovered_at_ = 0;
  std::vector<VerifyKey> keys_;
  std::int64_t keys_at_ = 0;
};

}  // namespace vf::auth
