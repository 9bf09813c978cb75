// JSON Web Tokens (RFC 7515, 7519) and the keys they are verified with (RFC 7517, 8037).
//
// Written to take nothing on trust: the algorithm is the key's, never the token's; a key has exactly one
// algorithm; `alg: none` and shared secrets do not exist here; unknown critical headers are refused (RFC 7515
// 4.1.11); texts are decoded strictly. Values; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace vf::auth {

enum class JwtAlgorithm { eddsa, es256, rs256 };

std::string_view to_string(JwtAlgorithm algorithm);  // "EdDSA", "ES256", "RS256"

// A public key of somebody who signs tokens. Copies share one key.
class VerifyKey {
 public:
  // One member of a JWKS: OKP/Ed25519, EC/P-256, or RSA of 2048 bits or more. Errors: unsupported_input for a
  // key of another kind (a set may hold some: skip them), invalid_argument for a broken one.
  static Result<VerifyKey> from_jwk(const json::object& jwk);

  const std::string& id() const { return id_; }
  JwtAlgorithm algorithm() const { return algorithm_; }
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Key;
  VerifyKey(std::string id, JwtAlgorithm algorithm, std::shared_ptr<const Key> key)
      : id_(std::move(id)), algorithm_(algorithm), key_(std::move(key)) {}
  std::string id_;
  JwtAlgorithm algorithm_;
  std::shared_ptr<const Key> key_;
};

// The keys of a JWKS document that can verify; others are left out. Errors: invalid_argument.
Result<std::vector<VerifyKey>> verify_keys_from_jwks(std::string_view text);

// A private Ed25519 key of ours.
class SigningKey {
 public:
  // `seed`: 32 bytes (RFC 8032 5.1.5).
  static Result<SigningKey> from_seed(std::string id, std::string_view seed);
  const std::string& id() const { return id_; }
  json::object jwk() const;  // the public half, with kid, use and alg
  std::string sign(std::string_view text) const;

 private:
  SigningKey(std::string id, std::string secret, std::string open)
      : id_(std::move(id)), secret_(std::move(secret)), public_(std::move(open)) {}
  std::string id_;
  std::string secret_;  // libsodium's form: seed and public key
  std::string public_;
};

std::string sign_jwt(const SigningKey& key, std::string_view type, const json::object& claims);

// What a verifier insists on.
struct JwtRules {
  std::string issuer;
  std::string audience;
  std::string audience_claim = "aud";
  std::string type;          // the header's `typ`; empty: any
  std::int64_t skew = 60;    // seconds that clocks may differ
  std::int64_t longest = 0;  // seconds from `iat` to `exp` at most; 0: any
};

// `kid` of the header, unverified: which key to look for. Nothing where the text is no token.
std::optional<std::string> jwt_key_id(std::string_view token);

// `iss` of the claims, unverified: whose the token claims to be.
std::optional<std::string> jwt_issuer(std::string_view token);

// The claims of a token whose signature, times, issuer and audience are right. The error is
// invalid_argument with one public sentence; its detail says what failed, for the log.
Result<json::object> verify_jwt(std::string_view token, const std::vector<VerifyKey>& keys, const JwtRules& rules,
                                std::int64_t now_seconds);

}  // namespace vf::auth
