#include "auth/external.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr int kTries = 5;
constexpr std::size_t kLongestBase = 50;

std::unexpected<Error> refuse(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

// What is left of the provider's suggestion of what our names may hold.
std::string plain_name(std::string_view suggested) {
  std::string out;
  for (const unsigned char c : suggested)
    if (c < 0x80 && (std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '@' || c == '+'))
      out += static_cast<char>(c);
  while (!out.empty() && !std::isalnum(static_cast<unsigned char>(out.front()))) out.erase(0, 1);
  out.resize(std::min(out.size(), kLongestBase));
  return out.size() < 3 ? "user" : out;
}

}  // namespace

void External::add(OidcProvider provider, HttpCall call) {
  clients_.push_back(std::make_unique<OidcClient>(std::move(provider), std::move(call), clock_));
}

OidcClient* External::find(std::string_view name) {
  for (const auto& client : clients_)
    if (client->provider().name == name) return client.get();
  return nullptr;
}

Result<store::User> External::make(const Identity& who, const std::string& provider, const std::string& address) {
  if (VF_TRY(store_.count()) == 0)
    return refuse("This server has no account yet; the first one is made with the one-time token of its log.");
  const auto base = plain_name(who.name);
  for (int i = 0;; ++i) {
    const auto name = i == 0 ? base : fmt::format("{}-{}", base, random_name(4));
    auto user = users_.add_external(name, who.email, *who.role, {who.issuer, who.subject, ""});
    if (user)
      audit_.record({.user = user->id, .name = user->name}, address,
                    {"user.create", "", "ok", fmt::format("role {}, by {}", user->role, provider)});
    if (user || user.error().code != ErrorCode::conflict || i == kTries) return user;
  }
}

Result<store::User> External::follow_role(store::User user, Role role, const std::string& provider,
                                          const std::string& address) {
  const std::string wanted(to_string(role));
  if (user.role == wanted) return user;
  const auto set = users_.set_role(user.id, role);
  audit_.record({.user = user.id, .name = user.name}, address,
                {"user.role", "", set ? "ok" : "refused", fmt::format("{} to {}, by {}", user.role, wanted, provider)});
  if (!set) return std::unexpected(set.error());
  user.role = wanted;
  return user;
}

// Who may not come in any more has nothing left to act with, either.
Result<void> External::shut_out(const store::User& user, const std::string& provider, const std::string& address) {
  VF_CHECK(users_.shut_out(user.id, "the identity provider gives it no role here"));
  VF_TRY(follow_role(user, Role::viewer, provider, address));
  return {};
}

Result<store::User> External::account(const OidcClient& client, const Identity& who, const std::string& address) {
  const auto& provider = client.provider();
  const auto linked = VF_TRY(store_.find_linked(who.issuer, who.subject));
  if (linked) {
    auto user = VF_TRY(users_.find(*linked));
    if (who.rules_role && !who.role) VF_CHECK(shut_out(user, provider.name, address));
    if (!who.role) return refuse("Your account at the identity provider has no role here; ask an admin.");
    if (who.rules_role) {
      auto followed = follow_role(user, *who.role, provider.name, address);
      // The last admin is not demoted, and is not let in as one either.
      if (!followed) VF_CHECK(users_.shut_out(user.id, "the identity provider takes the role away"));
      user = VF_TRY(std::move(followed));
    }
    if (user.disabled) return refuse("This account is disabled.");
    return user;
  }
  if (!who.role) return refuse("Your account at the identity provider has no role here; ask an admin.");
  if (!provider.create_accounts)
    return refuse("No account is linked to this identity; sign in with your password and link it, or ask an admin.");
  return make(who, provider.name, address);
}

Result<void> External::link(const Identity& who, const std::string& user) {
  return store_.link({who.issuer, who.subject, user}, clock_());
}

Result<std::optional<Principal>> External::bearer(std::string_view token) {
  if (clients_.empty()) return std::nullopt;
  const auto issuer = jwt_issuer(token);
  const auto client =
      std::ranges::find_if(clients_, [&](const auto& one) { return issuer && one->provider().issuer == *issuer; });
  if (client == clients_.end()) return std::nullopt;
  const auto now = clock_();
  const auto name = sha256(token);
  auto known = bearers_.find(name, now);
  if (!known) {
    const auto version = bearers_.version();
    const auto who = VF_TRY((*client)->bearer(token));
    const auto linked = VF_TRY(store_.find_linked(who.issuer, who.subject));
    if (!linked) return refuse("No account here belongs to this token; sign in once with a browser.");
    if (!who.role) return refuse("Your account at the identity provider has no role here; ask an admin.");
    known = Bearer{*linked, who.rules_role ? *who.role : Role::admin};
    bearers_.put(name, *known, now, version);
  }
  const auto user = VF_TRY(users_.find(known->user));
  const auto role = role_from(user.role);
  if (user.disabled || !role) return refuse("This account is disabled.");
  return Principal{.user = user.id, .name = user.name, .role = std::min(*role, known->most)};
}

}  // namespace vf::auth
