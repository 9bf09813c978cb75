#include "auth/second_factor.h"

#include "auth/crypto.h"
#include "auth/totp.h"

namespace vf::auth {
namespace {

constexpr std::size_t kCodeDigits = 6;

std::string context(std::string_view user) { return sealing_context(store::Sealed::Kind::totp, user); }

}  // namespace

Result<std::string> SecondFactor::secret_of(const store::User& user) {
  return box_.unseal(user.totp, context(user.id));
}

Result<Enrolment> SecondFactor::enroll(const store::User& user) {
  if (user.totp_active)
    return fail(ErrorCode::conflict, "A second factor is set up already; remove it first: DELETE /api/auth/mfa.");
  const auto secret = new_totp_secret();
  VF_CHECK(store_.set_totp(user.id, box_.seal(secret, context(user.id)), clock_()));
  return Enrolment{base32(secret), totp_uri(secret, issuer_, user.name)};
}

Result<std::optional<std::vector<std::string>>> SecondFactor::confirm(const store::User& user, std::string_view code) {
  if (user.totp.empty() || user.totp_active)
    return fail(ErrorCode::conflict, "No second factor waits to be confirmed; POST /api/auth/mfa/enroll first.");
  const auto step = VF_TRY(totp_step(VF_TRY(secret_of(user)), code, clock_() / 1000, 0));
  if (!step) return std::nullopt;
  auto codes = new_recovery_codes();
  std::vector<std::string> hashes;
  for (const auto& one : codes) hashes.push_back(recovery_hash(one));
  VF_CHECK(store_.activate_totp(user.id, *step, hashes, clock_()));
  return codes;
}

Result<bool> SecondFactor::check(const store::User& user, std::string_view code) {
  if (!user.totp_active) return false;
  if (code.size() != kCodeDigits) return store_.take_recovery_code(user.id, recovery_hash(code), clock_());
  const auto step = VF_TRY(totp_step(VF_TRY(secret_of(user)), code, clock_() / 1000, user.totp_step));
  if (!step) return false;
  return store_.take_totp_step(user.id, *step);
}

Result<void> SecondFactor::remove(const std::string& user) { return store_.set_totp(user, "", clock_()); }

}  // namespace vf::auth
