// The port for secrets of the server: sealed texts under a name. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction. Sealing is the room auth's (auth/secret_box.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct Secret {
  std::string name;  // "signing/<kid>", "links"
  std::string sealed;
  std::int64_t created_at = 0;  // Unix milliseconds
};

// A sealed text, wherever it stands in the database.
struct Sealed {
  enum class Kind { server_secret, totp };
  Kind kind = Kind::server_secret;
  std::string owner;  // the secret's name; the user's id
  std::string text;
};

class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // The first one stored under a name stands, and is the answer: two servers that start at once agree.
  virtual Result<Secret> put_if_absent(const Secret& secret) = 0;
  // Replaces every sealed text by what `again` makes of it, all or none of them; how many changed. Nothing: it stays.
  using Again = std::function<Result<std::optional<std::string>>(const Sealed&)>;
  virtual Result<std::int64_t> reseal(const Again& again) = 0;
  virtual Result<std::vector<Secret>> list(const std::string& prefix) = 0;  // oldest first
  virtual Result<void> remove(const std::string& name) = 0;
};

}  // namespace vf::store
