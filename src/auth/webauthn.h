// What an authenticator says (Web Authentication Level 3), verified: no network, no state.
//
// Attestation is not asked for: a passkey is trusted because its owner, signed in, put it there. Keys are ES256,
// EdDSA or RS256, read from the authenticator data itself. Values; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace vf::auth {

// What both ceremonies insist on.
struct CeremonyRules {
  std::string challenge;             // as it was sent: base64url
  std::string rp_id;                 // host name without port
  std::vector<std::string> origins;  // "https://videos.example:8443"
};

// The parts of PublicKeyCredential.toJSON(), each decoded.
struct AuthenticatorAnswer {
  std::string id;  // base64url
  std::string client_data;
  std::string authenticator_data;
  std::string signature;  // of an assertion
};
// Errors: invalid_argument with the pointer of what is missing.
Result<AuthenticatorAnswer> read_authenticator_answer(const json::object& credential, bool assertion);

struct NewPasskey {
  std::string id;
  json::object public_key;  // JWK
  std::int64_t sign_count = 0;
};

// Registration (7.1 without attestation). Errors: invalid_argument; the detail says which step failed.
Result<NewPasskey> verify_registration(const AuthenticatorAnswer& answer, const CeremonyRules& rules);

// Assertion (7.2): the user was present and verified, the signature is the key's. The new sign count; one that
// did not grow past `sign_count`, where either counts at all, shows a copied key and is refused.
Result<std::int64_t> verify_assertion(const AuthenticatorAnswer& answer, const CeremonyRules& rules,
                                      const json::object& public_key, std::int64_t sign_count);

}  // namespace vf::auth
