// The operations of accounts, one file each group: what they share, and the tables they give.
//
// Handlers are functions of a Call; everything they use lives in the context, which outlives the router.
// Acts that would hand an account over (password, e-mail address, second factor, sessions; one's own or, for admins,
// anybody's) and those that make an admin ask for a session: an API key is refused with 403 session_required,
// whatever its scopes.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "auth/api_keys.h"
#include "auth/audit.h"
#include "auth/external.h"
#include "auth/passkeys.h"
#include "auth/rate_limit.h"
#include "auth/second_factor.h"
#include "auth/server_keys.h"
#include "auth/sessions.h"
#include "auth/sign_in.h"
#include "auth/users.h"
#include "http/endpoint.h"

namespace vf::http {

class Quotas;

enum class Registration { open, invitation, closed };

struct AccountsContext {
  store::UserStore& user_store;
  store::AuditStore& audit_store;
  auth::ServerKeys& server_keys;
  auth::Users& users;
  auth::Sessions& sessions;
  auth::ApiKeys& keys;
  auth::SecondFactor& second;
  auth::SignIn& sign_in;
  auth::External& external;
  auth::Passkeys* passkeys = nullptr;  // none: their operations are not served
  Quotas* quotas = nullptr;            // likewise
  auth::BlockList& blocks;
  auth::Audit& audit;
  auth::Clock clock;
  Registration registration = Registration::open;
  std::vector<std::string> origins;  // besides our own, of pages that may use the cookie: "https://app.example"
  std::string public_url;            // how browsers reach us; empty: as each request named us
  std::string bootstrap_token;       // empty: somebody is there already
  std::string csrf_key;
  std::function<Result<json::object>(const std::string& user)> more_of;  // for the export; may be missing
  std::function<void(const std::string& user)> removed;                  // told after an account is gone
  std::atomic<bool> anybody{false};                                      // set for good once there is an account
};

std::vector<Endpoint> sign_in_endpoints(AccountsContext& context);
std::vector<Endpoint> account_endpoints(AccountsContext& context);
std::vector<Endpoint> key_endpoints(AccountsContext& context);
std::vector<Endpoint> admin_user_endpoints(AccountsContext& context);
std::vector<Endpoint> admin_audit_endpoints(AccountsContext& context);
std::vector<Endpoint> passkey_endpoints(AccountsContext& context);
std::vector<Endpoint> passkey_factor_endpoints(AccountsContext& context);
std::vector<Endpoint> quota_endpoints(AccountsContext& context);
std::vector<Endpoint> oidc_endpoints(AccountsContext& context);  // served where a provider is configured

// How they are written: method, path, permission, budget, function.
using AccountsHandler = Response (*)(AccountsContext&, const Call&);
Endpoint accounts_endpoint(AccountsContext& context, std::string method, std::string path, auth::Permission permission,
                           RateClass rate, AccountsHandler handler);

// For what makes or checks the hash of a password.
Endpoint slow(Endpoint endpoint);

// The answer that signs in: tokens in the body, or the refresh token in the cookie of a browser's session.
Response grant_response(AccountsContext& context, const Call& call, const auth::Granted& grant);

// Nothing, or the answer for whoever came with an API key.
std::optional<Response> session_required(const Call& call);
// Likewise where that role is to be given: admins are made by people.
std::optional<Response> session_required_to_give(auth::Role role, const Call& call);

// For acts that ask once more who it is: the account, by its password; where it has none, by a session that was begun
// (at the identity provider, with a passkey) within the last five minutes. Otherwise the answer to give, and a refusal
// of `action` in the audit log.
std::expected<store::User, Response> confirmed(AccountsContext& context, const Call& call,
                                               const std::optional<std::string>& password, std::string_view action);

inline constexpr std::string_view kWrongCodes = "wrong codes of the second factor of this account";
// 429: too much was tried; after so many milliseconds more may be.
Response locked(const Request& request, std::string_view what, std::int64_t wait);

auth::Client client_of(const Request& request);

// Where we are, as browsers see it: what a passkey is bound to.
auth::RelyingParty relying_party(const AccountsContext& context, const Request& request);

// 401 second_factor_required: the password was right. Says which ones are possible, and what a page passes to
// navigator.credentials.get().
Response second_factor_needed(AccountsContext& context, const Call& call, const store::User& user);

// "limit" and "cursor" of a list; `limit` is 1 to 100, 50 by default. The Response is a problem.
struct Page {
  std::int64_t limit = 50;
  std::string cursor;
};
std::expected<Page, Response> page_of(const Request& request);

// {"items": [...], "nextCursor": ...}: `items` was read with one more than the limit.
Response page_response(json::array items, const Page& page);

}  // namespace vf::http
