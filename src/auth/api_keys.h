// API keys: `vf_<prefix>_<secret>`, shown once. The prefix finds the row and stands in lists; the secret is
// 32 random bytes, of which the SHA-256 is stored (a slow hash would protect nothing that random).
//
// A key acts for its owner with at most the owner's present role, its own role and its scopes, from its
// address ranges, until it expires. Rotation gives a new secret under the same id and prefix while the old one
// stays good for a while. Answers of the database are a few seconds old at most; last use is written at most
// once a minute for each key. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/clock.h"
#include "auth/principal.h"
#include "auth/short_cache.h"
#include "store/keys.h"

namespace vf::auth {

struct KeyRules {
  std::int64_t most = 100;  // for each user
  std::int64_t overlap = kDay;
  std::int64_t longest_overlap = 30 * kDay;
  std::int64_t recheck = 3 * kSecond;
  std::int64_t write_use_every = kMinute;
};

// What a new key shall be. Empty lists: everything the role allows, from anywhere.
struct KeyWish {
  std::string name;
  std::optional<Role> role;  // none: as the owner
  std::vector<std::string> scopes;
  std::vector<std::string> allowed_cidrs;
  std::optional<std::int64_t> expires_at;  // Unix milliseconds
};

// As far as it is given, a key is changed.
struct KeyChange {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> scopes;
  std::optional<std::vector<std::string>> allowed_cidrs;
  std::optional<std::optional<std::int64_t>> expires_at;
};

struct NewKey {
  store::ApiKey key;
  std::string text;  // shown once
};

// Why a key is not let in: wrong ones are told nothing, its holder is told what to mend.
enum class KeyRefusal { unknown, outside_ranges };

class ApiKeys {
 public:
  // The store outlives this.
  ApiKeys(store::KeyStore& store, Clock clock, const KeyRules& rules)
      : store_(store), clock_(std::move(clock)), rules_(rules), found_(rules.recheck) {}

  // `who` makes it for himself. Errors: invalid_argument with the pointer of the bad field; what one does not
  // have oneself one cannot give (a key cannot make a stronger key).
  Result<NewKey> create(const Principal& who, const KeyWish& wished);
  Result<store::ApiKey> change(const Principal& who, const std::string& id, const KeyChange& change);  // not_found
  // A key rotates and revokes none that may more than itself, has other ranges or a later end: conflict.
  // `overlap`: milliseconds in which the old secret stays good.
  Result<NewKey> rotate(const Principal& who, const std::string& id, std::optional<std::int64_t> overlap);
  Result<void> revoke(const Principal& who, const std::string& id);
  Result<void> revoke_all(const std::string& user);
  Result<store::ApiKey> find(const std::string& user, const std::string& id);
  Result<std::vector<store::ApiKey>> list(const std::string& user, const std::string& after, std::int64_t limit);

  Result<std::expected<Principal, KeyRefusal>> authenticate(std::string_view text, const std::string& address);
  // After a change of the owner.
  void forget_answers() { found_.clear(); }

 private:
  Result<std::optional<store::KeyAndOwner>> lookup(const std::string& prefix);
  Result<void> check_power(const Principal& who, const store::ApiKey& key);
  void note_use(const store::ApiKey& key, const std::string& address);

  store::KeyStore& store_;
  Clock clock_;
  KeyRules rules_;
  ShortCache<store::KeyAndOwner> found_;  // by prefix
};

}  // namespace vf::auth
