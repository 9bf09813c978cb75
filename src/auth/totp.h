// One-time passwords from an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds) and the
// recovery codes for the day the phone is lost.
//
// Thread-safe; nothing is kept here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::auth {

inline constexpr std::int64_t kTotpStep = 30;  // seconds

std::string new_totp_secret();  // 20 random bytes, as RFC 4226 4 asks

// otpauth://totp/Issuer:name?secret=...: what authenticator apps read as a QR code.
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view user_name);

// The code of the 30 seconds that `unix_seconds` lies in.
Result<std::string> totp_code(std::string_view secret, std::int64_t unix_seconds, int digits = 6);

// The step that `code` is of: the present one, or the one before or after it (clocks differ). Nothing for
// a wrong code, and for one of `last_step` or earlier, so that no code is good twice (RFC 6238 5.2).
Result<std::optional<std::int64_t>> totp_step(std::string_view secret, std::string_view code, std::int64_t unix_seconds,
                                              std::int64_t last_step);

// Ten of "xxxxx-xxxxx" with 50 random bits each; each is good once. Stored by recovery_hash().
std::vector<std::string> new_recovery_codes();

// Hexadecimal SHA-256 of the code as it was meant: without signs, without capitals.
std::string recovery_hash(std::string_view code);

}  // namespace vf::auth
