// The port for API keys. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction. Times are Unix milliseconds. Secrets arrive as hashes. A
// revoked key is found by nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct ApiKey {
  std::string id;
  std::string user;
  std::string name;
  std::string prefix;
  std::string hash;
  std::optional<std::string> previous_hash;
  std::optional<std::int64_t> previous_until;
  std::string role;
  std::vector<std::string> scopes;
  std::vector<std::string> allowed_cidrs;
  std::int64_t created_at = 0;
  std::optional<std::int64_t> expires_at;
  std::optional<std::int64_t> used_at;
  std::optional<std::string> used_from;
};

// A key with what its owner is at this moment.
struct KeyAndOwner {
  ApiKey key;
  std::string user_name;
  std::string user_role;
  bool disabled = false;
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // Errors: conflict when the prefix is taken; limit_exceeded beyond `most` keys of that user.
  virtual Result<void> add(const ApiKey& key, std::int64_t most) = 0;
  virtual Result<std::optional<KeyAndOwner>> find_by_prefix(const std::string& prefix) = 0;
  virtual Result<std::optional<ApiKey>> find(const std::string& id, const std::string& user) = 0;
  virtual Result<std::vector<ApiKey>> list(const std::string& user, const std::string& after, std::int64_t limit) = 0;

  // Name, scopes, ranges and expiry as given. False when the user has no such key.
  virtual Result<bool> update(const ApiKey& key) = 0;
  // The present hash becomes the previous one, good until then.
  virtual Result<bool> rotate(const std::string& id, const std::string& user, const std::string& hash,
                              std::int64_t previous_until) = 0;
  virtual Result<bool> revoke(const std::string& id, const std::string& user, std::int64_t now) = 0;
  // All of the user's; how many.
  virtual Result<std::int64_t> revoke_all(const std::string& user, std::int64_t now) = 0;
  virtual Result<void> used(const std::string& id, const std::string& from, std::int64_t now) = 0;
};

}  // namespace vf::store
