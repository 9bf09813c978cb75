// The few cryptographic acts that this room shares: random bytes, hashes, comparison in constant time,
// and the two texts that bytes travel in (RFC 4648: base64url without padding, base32).
//
// Thread-safe. Bytes are std::string: keys and tags are short, and travel as text anyway.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vf::auth {

// From the operating system's generator.
std::string random_bytes(std::size_t count);

// `bytes` of randomness as base64url: 32 bytes make 43 characters.
std::string random_token(std::size_t bytes = 32);

// `count` characters of [a-z0-9], for names that people read aloud (a key's prefix).
std::string random_name(std::size_t count);

std::string sha256(std::string_view bytes);                            // 32 bytes (FIPS 180-4)
std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 bytes (RFC 2104)

// Takes as long for a near miss as for a far one. The lengths are no secret.
bool same_secret(std::string_view a, std::string_view b);

std::string base64url(std::string_view bytes);
// Nothing for text that base64url() would not have written: padding, other characters, loose bits.
std::optional<std::string> from_base64url(std::string_view text);

std::string base32(std::string_view bytes);  // upper case, without padding: the form of a TOTP secret

}  // namespace vf::auth
