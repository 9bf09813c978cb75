#include "auth/api_keys.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/crypto.h"
#include "base/cidr.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace vf::auth {
namespace {

constexpr std::size_t kPrefixLength = 10;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostEntries = 50;  // of scopes, of ranges
constexpr int kTries = 5;

std::unexpected<Error> bad(std::string_view pointer, std::string message) {
  return std::unexpected(Error{ErrorCode::invalid_argument, std::move(message), {}, std::string(pointer)});
}

std::unexpected<Error> no_such_key() { return fail(ErrorCode::not_found, "There is no such API key."); }

std::string key_text(std::string_view prefix, std::string_view secret) {
  return fmt::format("vf_{}_{}", prefix, secret);
}

struct KeyText {
  std::string prefix, secret;
};

std::optional<KeyText> split(std::string_view text) {
  if (!text.starts_with("vf_") || text.size() < 3 + kPrefixLength + 1 || text.size() > 100) return std::nullopt;
  text.remove_prefix(3);
  if (text[kPrefixLength] != '_') return std::nullopt;
  return KeyText{std::string(text.substr(0, kPrefixLength)), std::string(text.substr(kPrefixLength + 1))};
}

Result<void> check_name(const std::string& name) {
  if (name.empty() || name.size() > kLongestName)
    return bad("/name", fmt::format("A key's name has 1 to {} bytes.", kLongestName));
  return {};
}

Result<void> check_scopes(const Principal& who, Role role, const std::vector<std::string>& scopes) {
  if (scopes.size() > kMostEntries) return bad("/scopes", fmt::format("At most {} scopes are taken.", kMostEntries));
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    const auto pointer = fmt::format("/scopes/{}", i);
    const auto scope = scope_from(scopes[i]);
    if (!scope) return bad(pointer, "There is no such scope; GET /api/auth/info lists yours under permissions.");
    if (!may(who, *scope) || !allows(role, *scope))
      return bad(pointer, fmt::format("The scope '{}' is more than you or the key's role may.", scopes[i]));
  }
  // No scopes means all of the role: from a key with scopes that would be more than it has.
  if (scopes.empty() && !who.scopes.empty())
    return bad("/scopes", "A key with scopes makes only keys with some of its own scopes: name them.");
  return {};
}

// The ranges in canonical form.
Result<std::vector<std::string>> check_ranges(const std::vector<std::string>& texts) {
  if (texts.size() > kMostEntries)
    return bad("/allowedCidrs", fmt::format("At most {} ranges are taken.", kMostEntries));
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto range = Cidr::parse(texts[i]);
    if (!range) return bad(fmt::format("/allowedCidrs/{}", i), range.error().message);
    ranges.push_back(range->text());
  }
  return ranges;
}

Result<void> check_expiry(const std::optional<std::int64_t>& expires_at, std::int64_t now) {
  if (expires_at && *expires_at <= now) return bad("/expiresAt", "The expiry lies in the past.");
  return {};
}

bool inside(const std::vector<std::string>& ranges, const std::string& address) {
  if (ranges.empty()) return true;
  const auto parsed = IpAddress::parse(address);
  return parsed && std::ranges::any_of(ranges, [&](const std::string& text) {
           const auto range = Cidr::parse(text);
           return range && range->contains(*parsed);
         });
}

// A key that acts gives away no more than it has: its ranges and its end hold for what it makes.
Result<void> limit_by(const store::ApiKey& acting, KeyWish& wish) {
  if (!acting.allowed_cidrs.empty() && wish.allowed_cidrs.empty()) wish.allowed_cidrs = acting.allowed_cidrs;
  for (std::size_t i = 0; i < wish.allowed_cidrs.size() && !acting.allowed_cidrs.empty(); ++i)
    if (std::ranges::find(acting.allowed_cidrs, wish.allowed_cidrs[i]) == acting.allowed_cidrs.end())
      return bad(fmt::format("/allowedCidrs/{}", i), "The key that you use is bound to ranges; take some of those.");
  if (acting.expires_at && wish.expires_at.value_or(*acting.expires_at) >= *acting.expires_at)
    wish.expires_at = acting.expires_at;
  return {};
}

bool has_more_scopes(const std::vector<std::string>& scopes, const std::vector<std::string>& than) {
  if (than.empty()) return false;
  return scopes.empty() || std::ranges::any_of(scopes, [&](const std::string& scope) {
           return std::ranges::find(than, scope) == than.end();
         });
}

// Ranges are compared as they are written, as limit_by() does: a part of one is another.
bool is_bound_less(const store::ApiKey& key, const store::ApiKey& than) {
  const bool wider = !than.allowed_cidrs.empty() &&
                     (key.allowed_cidrs.empty() || std::ranges::any_of(key.allowed_cidrs, [&](const std::string& range) {
                        return std::ranges::find(than.allowed_cidrs, range) == than.allowed_cidrs.end();
                      }));
  return wider || (than.expires_at && key.expires_at.value_or(*than.expires_at + 1) > *than.expires_at);
}

// Both are computed, so that a rotated key takes the same time.
bool is_secret(const store::ApiKey& key, std::string_view secret, std::int64_t now) {
  const auto hash = sha256_hex(secret);
  const bool current = same_secret(key.hash, hash);
  const bool previous = same_secret(key.previous_hash.value_or(std::string(64, '-')), hash);
  return current || (previous && key.previous_until.value_or(0) > now);
}

}  // namespace

Result<NewKey> ApiKeys::create(const Principal& who, const KeyWish& wished) {
  const auto now = clock_();
  auto wish = wished;
  const auto role = wish.role.value_or(who.role);
  VF_CHECK(check_name(wish.name));
  if (role > who.role)
    return bad("/role", fmt::format("Your own role is '{}'; a key has at most that.", to_string(who.role)));
  VF_CHECK(check_scopes(who, role, wish.scopes));
  VF_CHECK(check_expiry(wish.expires_at, now));
  wish.allowed_cidrs = VF_TRY(check_ranges(wish.allowed_cidrs));
  if (!who.key.empty()) VF_CHECK(limit_by(VF_TRY(find(who.user, who.key)), wish));
  store::ApiKey key{.id = make_uuid(),
                    .user = who.user,
                    .name = wish.name,
                    .role = std::string(to_string(role)),
                    .scopes = wish.scopes,
                    .allowed_cidrs = wish.allowed_cidrs,
                    .created_at = now,
                    .expires_at = wish.expires_at};
  for (int i = 0;; ++i) {
    const auto secret = random_token();
    key.prefix = random_name(kPrefixLength);
    key.hash = sha256_hex(secret);
    auto added = store_.add(key, rules_.most);
    if (added) return NewKey{key, key_text(key.prefix, secret)};
    if (added.error().code != ErrorCode::conflict || i == kTries) return std::unexpected(std::move(added).error());
  }
}

Result<store::ApiKey> ApiKeys::change(const Principal& who, const std::string& id, const KeyChange& change) {
  if (!who.key.empty() && (change.scopes || change.allowed_cidrs || change.expires_at))
    return fail(ErrorCode::conflict, "An API key changes only names; sign in to change what a key may.");
  auto key = VF_TRY(find(who.user, id));
  if (change.name) {
    VF_CHECK(check_name(*change.name));
    key.name = *change.name;
  }
  if (change.scopes) {
    VF_CHECK(check_scopes(who, role_from(key.role).value_or(Role::viewer), *change.scopes));
    key.scopes = *change.scopes;
  }
  if (change.allowed_cidrs) key.allowed_cidrs = VF_TRY(check_ranges(*change.allowed_cidrs));
  if (change.expires_at) {
    VF_CHECK(check_expiry(*change.expires_at, clock_()));
    key.expires_at = *change.expires_at;
  }
  if (!VF_TRY(store_.update(key))) return no_such_key();
  found_.forget(key.prefix);
  return key;
}

// Whoever renews a key gets its power: a key only gets what it has.
Result<void> ApiKeys::check_power(const Principal& who, const store::ApiKey& key) {
  const bool stronger =
      role_from(key.role).value_or(Role::admin) > who.role || has_more_scopes(key.scopes, who.scopes) ||
      (!who.key.empty() && key.id != who.key && is_bound_less(key, VF_TRY(find(who.user, who.key))));
  if (stronger)
    return fail(ErrorCode::conflict, "This API key is stronger than the one you use; sign in to change it.");
  return {};
}

Result<NewKey> ApiKeys::rotate(const Principal& who, const std::string& id, std::optional<std::int64_t> overlap) {
  const auto wanted = overlap.value_or(rules_.overlap);
  if (wanted < 0 || wanted > rules_.longest_overlap)
    return bad("/overlapSeconds",
               fmt::format("The old secret may stay good for 0 to {} seconds.", rules_.longest_overlap / kSecond));
  const auto key = VF_TRY(find(who.user, id));
  VF_CHECK(check_power(who, key));
  const auto secret = random_token();
  if (!VF_TRY(store_.rotate(id, who.user, sha256_hex(secret), clock_() + wanted))) return no_such_key();
  found_.forget(key.prefix);
  return NewKey{VF_TRY(find(who.user, id)), key_text(key.prefix, secret)};
}

Result<void> ApiKeys::revoke(const Principal& who, const std::string& id) {
  const auto key = VF_TRY(find(who.user, id));
  if (!who.key.empty()) VF_CHECK(check_power(who, key));
  const bool revoked = VF_TRY(store_.revoke(id, who.user, clock_()));
  found_.forget(key.prefix);
  if (!revoked) return no_such_key();
  return {};
}

Result<void> ApiKeys::revoke_all(const std::string& user) {
  VF_TRY(store_.revoke_all(user, clock_()));
  found_.clear();
  return {};
}

Result<store::ApiKey> ApiKeys::find(const std::string& user, const std::string& id) {
  auto key = VF_TRY(store_.find(id, user));
  if (!key) return no_such_key();
  return std::move(*key);
}

Result<std::vector<store::ApiKey>> ApiKeys::list(const std::string& user, const std::string& after,
                                                 std::int64_t limit) {
  return store_.list(user, after, limit);
}

Result<std::optional<store::KeyAndOwner>> ApiKeys::lookup(const std::string& prefix) {
  const auto now = clock_();
  if (auto known = found_.find(prefix, now)) return known;
  const auto version = found_.version();
  auto found = VF_TRY(store_.find_by_prefix(prefix));
  if (found) found_.put(prefix, *found, now, version);
  return found;
}

// Best effort: that a key was used matters less than that it works.
void ApiKeys::note_use(const store::ApiKey& key, const std::string& address) {
  const auto now = clock_();
  if (key.used_at && now < *key.used_at + rules_.write_use_every) return;
  if (!store_.used(key.id, address, now)) return;
  found_.forget(key.prefix);
}

Result<std::expected<Principal, KeyRefusal>> ApiKeys::authenticate(std::string_view text, const std::string& address) {
  using Answer = std::expected<Principal, KeyRefusal>;
  const auto parts = split(text);
  const auto found = parts ? VF_TRY(lookup(parts->prefix)) : std::nullopt;
  const auto now = clock_();
  const bool right = is_secret(found ? found->key : store::ApiKey{.hash = std::string(64, '-')},
                               parts ? std::string_view(parts->secret) : text, now);
  if (!found || !right || found->disabled || found->key.expires_at.value_or(now + 1) <= now)
    return Answer(std::unexpected(KeyRefusal::unknown));
  if (!inside(found->key.allowed_cidrs, address)) return Answer(std::unexpected(KeyRefusal::outside_ranges));
  const auto own = role_from(found->key.role), owner = role_from(found->user_role);
  if (!own || !owner) return fail(ErrorCode::internal, "A stored role is not one.", found->key.role);
  note_use(found->key, address);
  return Answer(Principal{.user = found->key.user,
                          .name = found->user_name,
                          .role = std::min(*own, *owner),
                          .key = found->key.id,
                          .scopes = found->key.scopes});
}

}  // namespace vf::auth
