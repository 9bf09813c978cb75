// Accounts, ready to be wired: the gate for the router, the operations, and what else of the server needs
// them (signed links, the housekeeping).
//
//   auto accounts = VF_TRY(http::Accounts::create(stores, std::move(box), options));
//   if (!accounts->bootstrap_token().empty()) print it
//   Router::create(accounts->endpoints() + ..., accounts->gate())
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/password_policy.h"
#include "auth/secret_box.h"
#include "auth/signed_link.h"
#include "http/gate.h"
#include "http/gate_rates.h"
#include "http/handlers/accounts.h"
#include "store/audit.h"
#include "store/keys.h"
#include "store/passkeys.h"
#include "store/secrets.h"
#include "store/sessions.h"
#include "store/users.h"

namespace vf::http {

// Each outlives the Accounts.
struct AccountStores {
  store::UserStore& users;
  store::SessionStore& sessions;
  store::KeyStore& keys;
  store::AuditStore& audit;
  store::SecretStore& secrets;
  store::PasskeyStore* passkeys = nullptr;  // none: no passkeys are offered
};

struct AccountsOptions {
  std::string issuer = "videoforge";  // of access tokens: best the server's public URL
  std::string title = "VideoForge";   // as authenticator apps show it
  Registration registration = Registration::open;
  std::string public_url;  // "https://videos.example"; empty: as each request named us
  std::vector<auth::OidcProvider> providers;
  auth::HttpCall call;               // how providers are asked; needed with providers
  std::vector<std::string> origins;  // of pages elsewhere that may use the session's cookie
  auth::PasswordPolicy policy;
  auth::PasswordCost cost;
  auth::SessionRules sessions;  // issuer is taken from above
  auth::KeyRules keys;
  auth::SigningRules signing;
  auth::GuardRules guard;
  auth::BlockRules blocks;
  RateRules rates;
  cache::Cache* cache = nullptr;  // where requests are counted; needed
  auth::Clock clock = auth::wall_clock();
  Quotas* quotas = nullptr;                    // outlives the Accounts; none: their operations are not served
  std::function<void(const Error&)> complain;  // what went wrong and nobody was told; for the log
  // What is kept of an account beyond accounts, for its export.
  std::function<Result<json::object>(const std::string& user)> more_of;
  std::function<void(const std::string& user)> removed;  // told after an account is gone: its videos go too
};

class Accounts {
 public:
  static Result<std::unique_ptr<Accounts>> create(const AccountStores& stores, auth::SecretBox box,
                                                  AccountsOptions options);
  ~Accounts();

  Gate& gate();
  std::vector<Endpoint> endpoints();  // they refer to this object

  // One-time, for the first admin; empty when there is an account. A new one at each start.
  const std::string& bootstrap_token() const;

  const auth::LinkSigner& links() const;
  auth::Users& users();
  auth::External& external();
  auth::Sessions& sessions();
  auth::Audit& audit();
  auth::ServerKeys& server_keys();

  // After a new key was put into the key file (SecretBox::rotate): seals everything with it; how many secrets.
  // Then the file's other lines may go.
  Result<std::int64_t> reseal();

  // Rotates keys in their time, forgets what is over. Hourly is often enough.
  Result<void> tend();

 private:
  struct Parts;
  explicit Accounts(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace vf::http
