#include "http/accounts.h"

#include "auth/crypto.h"
#include "http/gate_accounts.h"
#include "http/quotas.h"

namespace vf::http {
namespace {

constexpr std::int64_t kTicketsKept = 30 * auth::kDay;  // after their end
constexpr std::string_view kCsrf = "csrf", kLinks = "links", kMail = "mailed tokens";

auth::SessionRules session_rules(const AccountsOptions& options) {
  auto rules = options.sessions;
  rules.issuer = options.issuer;
  return rules;
}

}  // namespace

// In order of construction: each uses those above it.
struct Accounts::Parts {
  std::unique_ptr<auth::ServerKeys> server_keys;
  std::unique_ptr<auth::PasswordHasher> hasher;
  auth::Sessions sessions;
  auth::ApiKeys keys;
  auth::Users users;
  auth::SecondFactor second;
  auth::SignInGuard guard;
  std::unique_ptr<auth::Passkeys> passkeys;
  auth::SignIn sign_in;
  auth::RateLimiter limiter;
  auth::BlockList blocks;
  auth::Audit audit;
  auth::External external;
  auth::LinkSigner links;
  AccountsContext context;
  AccountsGate gate;

  Parts(const AccountStores& stores, std::unique_ptr<auth::ServerKeys> made_keys,
        std::unique_ptr<auth::PasswordHasher> made_hasher, const AccountsOptions& options)
      : server_keys(std::move(made_keys)),
        hasher(std::move(made_hasher)),
        sessions(stores.sessions, *server_keys, options.clock, session_rules(options)),
        keys(stores.keys, options.clock, options.keys),
        users(stores.users, *hasher, sessions, keys, options.clock, options.policy, server_keys->derive(kMail)),
        second(stores.users, server_keys->box(), options.clock, options.title),
        guard(options.clock, options.guard),
        passkeys(stores.passkeys
                     ? std::make_unique<auth::Passkeys>(*stores.passkeys, stores.users, options.clock, options.title)
                     : nullptr),
        sign_in(stores.users, *hasher, second, passkeys.get(), sessions, guard, options.clock),
        limiter(options.clock, *options.cache),
        blocks(options.clock, options.blocks),
        audit(stores.audit, options.clock, options.complain),
        external(stores.users, users, audit, options.clock),
        links(server_keys->derive(kLinks)),
        context{.user_store = stores.users,
                .audit_store = stores.audit,
                .server_keys = *server_keys,
                .users = users,
                .sessions = sessions,
                .keys = keys,
                .second = second,
                .sign_in = sign_in,
                .external = external,
                .passkeys = passkeys.get(),
                .quotas = options.quotas,
                .blocks = blocks,
                .audit = audit,
                .clock = options.clock,
                .registration = options.registration,
                .origins = options.origins,
                .public_url = options.public_url,
                .csrf_key = server_keys->derive(kCsrf),
                .more_of = options.more_of,
                .removed = options.removed},
        gate(sessions, keys, external, limiter, blocks, audit, options.rates, options.clock) {}
};

Accounts::Accounts(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Accounts::~Accounts() = default;

Result<std::unique_ptr<Accounts>> Accounts::create(const AccountStores& stores, auth::SecretBox box,
                                                   AccountsOptions options) {
  if (!options.cache) return fail(ErrorCode::internal, "There is no cache to count requests in.");
  if (!options.providers.empty() && !options.call)
    return fail(ErrorCode::internal, "Identity providers are configured, and nothing to reach them with.");
  options.signing.token_life = options.sessions.access_life;
  auto server_keys = VF_TRY(auth::ServerKeys::create(stores.secrets, std::move(box), options.clock, options.signing));
  stores.audit.use_key(server_keys->derive(auth::ServerKeys::kAuditChain));
  auto hasher = VF_TRY(auth::PasswordHasher::create(options.cost));
  auto parts = std::make_unique<Parts>(stores, std::move(server_keys), std::move(hasher), options);
  for (const auto& provider : options.providers) parts->external.add(provider, options.call);
  if (VF_TRY(stores.users.count()) == 0)
    parts->context.bootstrap_token = auth::random_token();
  else
    parts->context.anybody = true;
  return std::unique_ptr<Accounts>(new Accounts(std::move(parts)));
}

Gate& Accounts::gate() { return parts_->gate; }

std::vector<Endpoint> Accounts::endpoints() {
  std::vector<Endpoint> all;
  for (auto* table : {sign_in_endpoints, account_endpoints, key_endpoints, admin_user_endpoints, admin_audit_endpoints})
    for (auto& endpoint : table(parts_->context)) all.push_back(std::move(endpoint));
  if (parts_->passkeys)
    for (auto* table : {passkey_endpoints, passkey_factor_endpoints})
      for (auto& endpoint : table(parts_->context)) all.push_back(std::move(endpoint));
  if (parts_->context.quotas)
    for (auto& endpoint : quota_endpoints(parts_->context)) all.push_back(std::move(endpoint));
  if (!parts_->external.providers().empty())
    for (auto& endpoint : oidc_endpoints(parts_->context)) all.push_back(std::move(endpoint));
  return all;
}

const std::string& Accounts::bootstrap_token() const { return parts_->context.bootstrap_token; }
const auth::LinkSigner& Accounts::links() const { return parts_->links; }
auth::Users& Accounts::users() { return parts_->users; }
auth::External& Accounts::external() { return parts_->external; }
auth::Sessions& Accounts::sessions() { return parts_->sessions; }
auth::Audit& Accounts::audit() { return parts_->audit; }
auth::ServerKeys& Accounts::server_keys() { return *parts_->server_keys; }

Result<std::int64_t> Accounts::reseal() { return parts_->server_keys->reseal(); }

Result<void> Accounts::tend() {
  VF_CHECK(parts_->server_keys->tend());
  VF_TRY(parts_->sessions.tend());
  if (parts_->context.quotas) VF_CHECK(parts_->context.quotas->tend());
  VF_CHECK(parts_->context.user_store.forget_tickets(parts_->context.clock() - kTicketsKept));
  return {};
}

}  // namespace vf::http
