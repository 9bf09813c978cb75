#include "auth/totp.h"

#include <array>
#include <cctype>

#include <fmt/format.h>
#include <liboath/oath.h>

#include "auth/crypto.h"
#include "base/sha256.h"

namespace vf::auth {
namespace {

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  return out;
}

}  // namespace

std::string new_totp_secret() { return random_bytes(20); }

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view user_name) {
  const auto from = percent_encoded(issuer);
  return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period={}", from,
                     percent_encoded(user_name), base32(secret), from, kTotpStep);
}

Result<std::string> totp_code(std::string_view secret, std::int64_t unix_seconds, int digits) {
  std::array<char, 16> code{};
  const int status = oath_totp_generate(secret.data(), secret.size(), unix_seconds, kTotpStep, 0,
                                        static_cast<unsigned>(digits), code.data());
  if (status != OATH_OK)
    return fail(ErrorCode::internal, "The one-time password cannot be computed.", oath_strerror(status));
  return std::string(code.data());
}

Result<std::optional<std::int64_t>> totp_step(std::string_view secret, std::string_view code, std::int64_t unix_seconds,
                                              std::int64_t last_step) {
  std::optional<std::int64_t> found;
  for (int away = -1; away <= 1; ++away) {
    const auto seconds = unix_seconds + away * kTotpStep;
    if (seconds < 0) continue;
    const bool same = same_secret(VF_TRY(totp_code(secret, seconds)), code);
    if (same && seconds / kTotpStep > last_step) found = seconds / kTotpStep;
  }
  return found;
}

std::vector<std::string> new_recovery_codes() {
  std::vector<std::string> codes;
  for (int i = 0; i < 10; ++i) {
    auto text = base32(random_bytes(7)).substr(0, 10);
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    codes.push_back(text.substr(0, 5) + "-" + text.substr(5));
  }
  return codes;
}

std::string recovery_hash(std::string_view code) {
  std::string meant;
  for (const unsigned char c : code)
    if (std::isalnum(c)) meant += static_cast<char>(std::tolower(c));
  return sha256_hex(meant);
}

}  // namespace vf::auth
