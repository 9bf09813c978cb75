#include "auth/sessions.h"

#include <fmt/format.h>

#include "auth/crypto.h"
#include "auth/rate_limit.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace vf::auth {
namespace {

constexpr std::string_view kType = "at+jwt";
constexpr std::string_view kRefreshPrefix = "vfr_";
constexpr std::size_t kLongestDevice = 200;

std::string fingerprint(const Client& client) {
  return sha256_hex(fmt::format("{}\n{}", address_group(client.address), client.agent));
}

std::string text_claim(const json::object& claims, std::string_view name) {
  const auto* claim = claims.if_contains(name);
  return claim && claim->is_string() ? std::string(claim->get_string()) : std::string();
}

std::unexpected<Error> over() {
  return fail(ErrorCode::invalid_argument, "This session is over; sign in again.", "session");
}

}  // namespace

Sessions::Sessions(store::SessionStore& store, ServerKeys& keys, Clock clock, const SessionRules& rules)
    : store_(store),
      keys_(keys),
      clock_(std::move(clock)),
      rules_(rules),
      refresh_key_(keys.derive("refresh tokens")),
      verified_(rules.access_life),
      live_(rules.recheck) {}

std::string Sessions::successor_of(std::string_view refresh_token) const {
  return std::string(kRefreshPrefix) + base64url(hmac_sha256(refresh_key_, refresh_token));
}

std::string Sessions::access_token(const store::LiveSession& live, std::int64_t now) {
  const auto seconds = now / 1000;
  return sign_jwt(keys_.signing_key(), kType,
                  {{"iss", rules_.issuer},
                   {"aud", rules_.audience},
                   {"sub", live.session.user},
                   {"sid", live.session.id},
                   {"role", live.role},
                   {"iat", seconds},
                   {"nbf", seconds},
                   {"exp", seconds + rules_.access_life / 1000},
                   {"jti", random_token(12)}});
}

Granted Sessions::grant(store::LiveSession live, std::string refresh_token) {
  const auto now = clock_();
  auto access = access_token(live, now);
  const auto refresh_expires = live.session.expires_at;
  return {std::move(live), std::move(access), now + rules_.access_life, std::move(refresh_token), refresh_expires};
}

Result<Granted> Sessions::start(const store::User& user, const Client& client, bool browser) {
  const auto now = clock_();
  const store::Session session{.id = make_uuid(),
                               .user = user.id,
                               .device = client.agent.substr(0, kLongestDevice),
                               .address = client.address,
                               .browser = browser,
                               .created_at = now,
                               .used_at = now,
                               .expires_at = now + rules_.idle};
  auto token = std::string(kRefreshPrefix) + random_token();
  VF_CHECK(store_.start(session, sha256_hex(token)));
  return grant({session, user.name, user.role}, std::move(token));
}

Result<Refreshed> Sessions::refresh(std::string_view refresh_token, const Client& client) {
  const auto now = clock_();
  auto successor = successor_of(refresh_token);
  auto exchanged = VF_TRY(store_.exchange({.hash = sha256_hex(refresh_token),
                                           .successor = sha256_hex(successor),
                                           .client = fingerprint(client),
                                           .address = client.address,
                                           .now = now,
                                           .grace = rules_.grace,
                                           .expires_at = now + rules_.idle}));
  Refreshed out{exchanged.outcome, std::nullopt, exchanged.live.session.user, exchanged.live.session.id};
  if (exchanged.outcome == store::Exchanged::reused) live_.forget(out.session);
  if (exchanged.outcome == store::Exchanged::done || exchanged.outcome == store::Exchanged::repeated) {
    exchanged.live.session.expires_at = now + rules_.idle;
    out.granted = grant(std::move(exchanged.live), std::move(successor));
  }
  return out;
}

Result<Sessions::Claims> Sessions::verify(std::string_view token) {
  const auto now = clock_();
  const auto name = sha256(token);
  if (auto known = verified_.find(name, now)) {
    if (now < known->ends) return std::move(*known);
    return fail(ErrorCode::invalid_argument, "The access token has expired; refresh it.", "exp");
  }
  const auto version = verified_.version();
  const auto key_id = jwt_key_id(token);
  const JwtRules rules{.issuer = rules_.issuer,
                       .audience = rules_.audience,
                       .type = std::string(kType),
                       .skew = 0,
                       .longest = rules_.access_life / 1000};
  const auto claims = VF_TRY(verify_jwt(token, keys_.verify_keys(key_id.value_or("")), rules, now / 1000));
  Claims out{text_claim(claims, "sub"), text_claim(claims, "sid"), claims.at("exp").to_number<std::int64_t>() * 1000};
  verified_.put(name, out, now, version);
  return out;
}

Result<std::optional<store::LiveSession>> Sessions::find_live(const std::string& id) {
  const auto now = clock_();
  if (auto known = live_.find(id, now)) return known;
  const auto version = live_.version();
  auto found = VF_TRY(store_.find_live(id, now));
  if (found) live_.put(id, *found, now, version);
  return found;
}

Result<Principal> Sessions::authenticate(std::string_view access_token) {
  const auto claims = VF_TRY(verify(access_token));
  const auto live = VF_TRY(find_live(claims.session));
  if (!live || live->session.user != claims.user || live->session.expires_at <= clock_()) return over();
  const auto role = role_from(live->role);
  if (!role) return fail(ErrorCode::internal, "A stored role is not one.", live->role);
  return Principal{.user = live->session.user, .name = live->user_name, .role = *role, .session = live->session.id};
}

Result<std::optional<Principal>> Sessions::again(const Principal& who) {
  const auto live = VF_TRY(find_live(who.session));
  if (!live || live->session.user != who.user || live->session.expires_at <= clock_()) return std::nullopt;
  const auto role = role_from(live->role);
  if (!role) return fail(ErrorCode::internal, "A stored role is not one.", live->role);
  return Principal{.user = who.user, .name = live->user_name, .role = *role, .session = who.session};
}

Result<std::optional<store::Session>> Sessions::find(const std::string& id) {
  auto live = VF_TRY(find_live(id));
  if (!live) return std::nullopt;
  return std::move(live->session);
}

Result<std::optional<std::string>> Sessions::session_of(std::string_view refresh_token) {
  return store_.session_of(sha256_hex(refresh_token));
}

Result<std::vector<store::Session>> Sessions::list(const std::string& user) { return store_.list_live(user, clock_()); }

Result<bool> Sessions::end(const std::string& id, const std::string& user, const std::string& why) {
  const bool ended = VF_TRY(store_.end(id, user, why, clock_()));
  live_.forget(id);
  return ended;
}

Result<std::optional<store::Session>> Sessions::end_by_token(std::string_view refresh_token, const std::string& why) {
  const auto id = VF_TRY(session_of(refresh_token));
  const auto live = id ? VF_TRY(store_.find_live(*id, clock_())) : std::nullopt;
  if (!live || !VF_TRY(end(live->session.id, live->session.user, why))) return std::nullopt;
  return live->session;
}

Result<std::int64_t> Sessions::end_all(const std::string& user, const std::string& except, const std::string& why) {
  const auto ended = VF_TRY(store_.end_all(user, except, why, clock_()));
  live_.clear();
  return static_cast<std::int64_t>(ended.size());
}

Result<std::int64_t> Sessions::tend() { return store_.forget(clock_() - 7 * kDay); }

}  // namespace vf::auth
