#include "auth/sign_in.h"

#include <algorithm>
#include <cctype>

namespace vf::auth {
namespace {

// As accounts are told apart: "Marie" and "marie" are guessed as one.
std::string account_key(std::string name) {
  constexpr std::size_t most = 64;
  name.resize(std::min(name.size(), most));
  for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace

Result<FactorCheck> SignIn::check(const std::optional<store::User>& user, const Credentials& given) {
  const bool right = VF_TRY(hasher_.verify(user ? user->password : "", given.password));
  if (!right || user->disabled) return FactorCheck{SignInOutcome::wrong};
  if (!is_second_factor_needed(*user)) return FactorCheck{SignInOutcome::signed_in};
  return check_second_factor(*user, given);
}

Result<FactorCheck> SignIn::check_second_factor(const store::User& user, const Credentials& given) {
  if (given.code.empty() && !given.credential) return FactorCheck{SignInOutcome::code_needed};
  if (given.credential && passkeys_) {
    const bool right = VF_TRY(passkeys_->confirm(user, *given.credential, given.us));
    return FactorCheck{right ? SignInOutcome::signed_in : SignInOutcome::code_wrong};
  }
  if (const auto wait = guard_.begin_code(user.id)) return FactorCheck{SignInOutcome::wait, *wait};
  if (given.code.empty() || !VF_TRY(second_.check(user, given.code))) return FactorCheck{SignInOutcome::code_wrong};
  guard_.code_was_right(user.id);
  return FactorCheck{SignInOutcome::signed_in};
}

Result<SignIn::Confirmation> SignIn::confirm_second_factor(const store::User& user, const std::string& code) {
  const bool waits = !user.totp.empty() && !user.totp_active;  // otherwise there is nothing to guess
  if (const auto wait = waits ? guard_.begin_code(user.id) : std::nullopt)
    return Confirmation{{SignInOutcome::wait, *wait}, {}};
  auto codes = VF_TRY(second_.confirm(user, code));
  if (!codes) return Confirmation{{SignInOutcome::code_wrong}, {}};
  guard_.code_was_right(user.id);
  return Confirmation{{SignInOutcome::signed_in}, std::move(*codes)};
}

// A hash of older parameters is made anew while the password is at hand.
Result<void> SignIn::renew_hash(const store::User& user, const std::string& password) {
  if (!hasher_.is_outdated(user.password)) return {};
  return store_.set_password(user.id, VF_TRY(hasher_.hash(password)), clock_());
}

Result<SignedIn> SignIn::attempt(const Credentials& given, const Client& client, bool browser) {
  const auto account = account_key(given.name);
  if (const auto wait = guard_.wait(account, client.address))
    return SignedIn{.outcome = SignInOutcome::wait, .wait = *wait};
  const auto user = VF_TRY(store_.find_by_name(given.name));
  const auto checked = VF_TRY(check(user, given));
  SignedIn out{.outcome = checked.outcome, .user = user ? user->id : "", .wait = checked.wait};
  if (out.outcome == SignInOutcome::wrong || out.outcome == SignInOutcome::code_wrong)
    guard_.failed(account, client.address);
  if (out.outcome != SignInOutcome::wrong) out.account = user;
  if (out.outcome != SignInOutcome::signed_in) return out;
  guard_.succeeded(account, client.address);
  VF_CHECK(renew_hash(*user, given.password));
  out.granted = VF_TRY(sessions_.start(*user, client, browser));
  return out;
}

}  // namespace vf::auth
