// The keys of this server: what signs access tokens, and what everything else is derived from.
//
// They live sealed in the database, so that all servers over one database share them. Access tokens are
// signed by the newest signing key; an older one verifies until the last token it signed has ended, and is
// then forgotten: a rotation signs nobody out. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/clock.h"
#include "auth/jwt.h"
#include "auth/secret_box.h"
#include "store/secrets.h"

namespace vf::auth {

// What a sealed text is bound to (secret_box.h).
std::string sealing_context(store::Sealed::Kind kind, std::string_view owner);

struct SigningRules {
  std::int64_t rotate_after = 90 * kDay;
  std::int64_t token_life = 15 * kMinute;  // of the tokens that are signed, with the skew that verifiers allow
};

class ServerKeys {
 public:
  // Makes the keys where the database has none. The store outlives this.
  static Result<std::unique_ptr<ServerKeys>> create(store::SecretStore& store, SecretBox box, Clock clock,
                                                    const SigningRules& rules = {});

  // 32 bytes for one purpose ("links", "refresh tokens"): the same at every start.
  std::string derive(std::string_view purpose) const;
  // The same for whoever only looks: makes and changes nothing; nothing where the database has no keys yet. Errors:
  // internal when `box` does not open them.
  static Result<std::optional<std::string>> derived(store::SecretStore& store, const SecretBox& box,
                                                    std::string_view purpose);
  static constexpr std::string_view kAuditChain = "audit chain";

  SigningKey signing_key();
  // Where `key_id` is not among them another server may have made it: the database is asked once more, at
  // most every few seconds.
  std::vector<VerifyKey> verify_keys(std::string_view key_id);
  json::object jwks();  // RFC 7517 5

  Result<void> rotate_signing_key();
  // Rotates when it is time, forgets keys that nobody needs. Call it now and then (hourly).
  Result<void> tend();
  // Seals everything that is sealed, of users too, with the newest key of the key file: all of it or, on an error,
  // nothing. How many.
  Result<std::int64_t> reseal();

  const SecretBox& box() const { return box_; }

 private:
  struct Made {
    SigningKey key;
    std::int64_t created_at;
  };
  ServerKeys(store::SecretStore& store, SecretBox box, Clock clock, const SigningRules& rules)
      : store_(store), box_(std::move(box)), clock_(std::move(clock)), rules_(rules) {}
  Result<std::string> make(const std::string& name);
  Result<void> load();

  store::SecretStore& store_;
  SecretBox box_;
  Clock clock_;
  SigningRules rules_;
  std::string root_;
  std::mutex mutex_;
  std::vector<Made> signing_;  // oldest first; never empty after create()
  std::int64_t loaded_at_ = 0;
};

}  // namespace vf::auth
