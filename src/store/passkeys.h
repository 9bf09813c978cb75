// The port for passkeys. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction. Times are Unix milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct Passkey {
  std::string id;  // of the credential, base64url
  std::string user;
  std::string name;
  std::string public_key;  // JWK as JSON
  std::int64_t sign_count = 0;
  std::int64_t created_at = 0;
  std::optional<std::int64_t> used_at;
};

class PasskeyStore {
 public:
  virtual ~PasskeyStore() = default;
  // Errors: conflict when the credential is known; limit_exceeded beyond `most` of that user.
  virtual Result<void> add(const Passkey& key, std::int64_t most) = 0;
  virtual Result<std::optional<Passkey>> find(const std::string& id) = 0;
  virtual Result<std::vector<Passkey>> list(const std::string& user) = 0;  // oldest first
  // False when the count is not `before` any more: of two assertions with one count, one is a copy's.
  virtual Result<bool> used(const std::string& id, std::int64_t before, std::int64_t sign_count, std::int64_t now) = 0;
  // Errors: conflict for the last one of an account that demands one.
  virtual Result<bool> remove(const std::string& id, const std::string& user) = 0;
};

}  // namespace vf::store
