// The port for secrets of the server: sealed texts under a name. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction. Sealing is the room auth's (auth/secret_box.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct Secret {
  std::string name;  // "signing/<kid>", "links"
  std::string sealed;
  std::int64_t created_at = 0;  // Unix milliseconds
};

class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // The first one stored under a name stands, and is the answer: two servers that start at once agree.
  virtual Result<Secret> put_if_absent(const Secret& secret) = 0;
  virtual Result<void> replace(const std::string& name, const std::string& sealed) = 0;
  virtual Result<std::vector<Secret>> list(const std::string& prefix) = 0;  // oldest first
  virtual Result<void> remove(const std::string& name) = 0;
};

}  // namespace vf::store
