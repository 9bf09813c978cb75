#include "auth/users.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "auth/crypto.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace vf::auth {
namespace {

constexpr std::int64_t kMailPause = 5 * kMinute;
constexpr std::size_t kShortestName = 3, kLongestName = 64, kLongestEmail = 254, kLongestNote = 200;

std::unexpected<Error> bad(std::string_view pointer, std::string message) {
  return std::unexpected(Error{ErrorCode::invalid_argument, std::move(message), {}, std::string(pointer)});
}

std::unexpected<Error> no_such_user() { return fail(ErrorCode::not_found, "There is no such user."); }

// Only what could go wrong later: one address, nothing that ends a header line.
Result<void> check_email(const std::optional<std::string>& email) {
  if (!email) return {};
  const auto at = email->find('@');
  const bool plain = std::ranges::all_of(
      *email, [](unsigned char c) { return c > ' ' && c != 0x7f && c != ',' && c != '<' && c != '>'; });
  if (!plain || at == 0 || at == std::string::npos || at + 1 == email->size() ||
      email->find('@', at + 1) != std::string::npos || email->size() > kLongestEmail)
    return bad("/email", "This is not an e-mail address.");
  return {};
}

Result<void> check_with_pointer(const PasswordPolicy& policy, std::string_view password, std::string_view name,
                                std::string_view pointer) {
  auto checked = check_password(policy, password, name);
  if (!checked) checked.error().pointer = pointer;
  return checked;
}

}  // namespace

Result<void> check_user_name(std::string_view name) {
  static constexpr std::string_view signs = "._@+-";
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || signs.find(static_cast<char>(c)) != std::string_view::npos);
  });
  if (!plain || name.size() < kShortestName || name.size() > kLongestName ||
      !std::isalnum(static_cast<unsigned char>(name.front())))
    return bad(
        "/username",
        fmt::format("A user name has {} to {} of the characters a-z, 0-9 and {}, and begins with a letter or digit.",
                    kShortestName, kLongestName, signs));
  return {};
}

Result<store::User> Users::add(const NewUser& wish, const std::string& invitation, bool first) {
  VF_CHECK(check_user_name(wish.name));
  VF_CHECK(check_email(wish.email));
  VF_CHECK(check_with_pointer(policy_, wish.password, wish.name, "/password"));
  const auto now = clock_();
  const store::User user{.id = make_uuid(),
                         .name = wish.name,
                         .email = wish.email,
                         .password = VF_TRY(hasher_.hash(wish.password)),
                         .role = std::string(to_string(wish.role)),
                         .created_at = now,
                         .updated_at = now,
                         .password_changed_at = now};
  return store_.add(user, {.first = first, .invitation = invitation.empty() ? "" : sha256_hex(invitation)});
}

Result<store::User> Users::add_external(const std::string& name, const std::string& email, Role role,
                                        store::LinkedAccount identity) {
  VF_CHECK(check_user_name(name));
  const auto now = clock_();
  std::optional<std::string> address(email);
  if (email.empty() || !check_email(address)) address.reset();
  return store_.add({.id = make_uuid(),
                     .name = name,
                     .email = address,
                     .role = std::string(to_string(role)),
                     .created_at = now,
                     .updated_at = now,
                     .password_changed_at = now},
                    {.identity = std::move(identity)});
}

Result<store::User> Users::find(const std::string& id) {
  auto user = VF_TRY(store_.find(id));
  if (!user) return no_such_user();
  return std::move(*user);
}

Result<bool> Users::confirm(const std::string& id, std::string_view password) {
  return hasher_.verify(VF_TRY(find(id)).password, password);
}

Result<bool> Users::change_password(const std::string& id, std::string_view present, std::string_view wanted,
                                    const std::string& session) {
  const auto user = VF_TRY(find(id));
  if (!VF_TRY(hasher_.verify(user.password, present))) return false;
  VF_CHECK(check_with_pointer(policy_, wanted, user.name, "/newPassword"));
  VF_CHECK(store_.set_password(id, VF_TRY(hasher_.hash(wanted)), clock_()));
  VF_TRY(sessions_.end_all(id, session, "the password was changed"));
  return true;
}

// The name is not known before the ticket is used, so the policy's rule about names is asked of the others only.
Result<std::optional<std::string>> Users::reset_password(std::string_view token, std::string_view wanted) {
  VF_CHECK(check_with_pointer(policy_, wanted, "", "/newPassword"));
  const auto id = VF_TRY(store_.reset_password(sha256_hex(token), VF_TRY(hasher_.hash(wanted)), clock_()));
  if (id) VF_TRY(sessions_.end_all(*id, "", "the password was reset"));
  return id;
}

Result<void> Users::set_password(const std::string& id, std::string_view wanted) {
  const auto user = VF_TRY(find(id));
  VF_CHECK(check_with_pointer(policy_, wanted, user.name, "/password"));
  VF_CHECK(store_.set_password(id, VF_TRY(hasher_.hash(wanted)), clock_()));
  VF_TRY(sessions_.end_all(id, "", "the password was set by an admin"));
  return {};
}

void Users::forget_answers() {
  sessions_.forget_answers();
  keys_.forget_answers();
}

Result<void> Users::set_role(const std::string& id, Role role) {
  VF_CHECK(store_.set_role(id, std::string(to_string(role)), clock_()));
  forget_answers();
  return {};
}

Result<void> Users::set_disabled(const std::string& id, bool disabled) {
  VF_CHECK(store_.set_disabled(id, disabled, clock_()));
  if (disabled) VF_TRY(sessions_.end_all(id, "", "the account was disabled"));
  forget_answers();
  return {};
}

Result<void> Users::shut_out(const std::string& id, const std::string& why) {
  VF_TRY(sessions_.end_all(id, "", why));
  return keys_.revoke_all(id);
}

Result<void> Users::set_email(const std::string& id, const std::optional<std::string>& email) {
  VF_CHECK(check_email(email));
  return store_.set_email(id, email, clock_());
}

Result<void> Users::remove(const std::string& id) {
  VF_CHECK(store_.remove(id));
  forget_answers();
  return {};
}

Result<Invitation> Users::add_ticket(store::Ticket ticket, std::int64_t life) {
  auto token = random_token();
  ticket.id = make_uuid();
  ticket.hash = sha256_hex(token);
  ticket.created_at = clock_();
  ticket.expires_at = ticket.created_at + life;
  VF_CHECK(store_.add_ticket(ticket));
  return Invitation{std::move(ticket), std::move(token)};
}

Result<Invitation> Users::invite(const std::string& by, Role role, const std::string& note, std::int64_t life) {
  if (note.size() > kLongestNote) return bad("/note", fmt::format("A note has at most {} bytes.", kLongestNote));
  return add_ticket({.purpose = "invitation", .role = std::string(to_string(role)), .note = note, .created_by = by},
                    life);
}

Result<Invitation> Users::allow_reset(const std::string& by, const std::string& id, std::int64_t life) {
  const auto user = VF_TRY(find(id));
  return add_ticket({.purpose = "reset", .user = user.id, .role = user.role, .created_by = by}, life);
}

std::string Users::mailed_token(const std::string& ticket) const {
  return base64url(hmac_sha256(mail_key_, "reset " + ticket));
}

// An address belongs to whoever reads its mails, so several accounts may have it; those that sign in elsewhere
// have no password to reset.
Result<std::vector<std::string>> Users::mail_reset(const std::string& email, std::int64_t life) {
  VF_CHECK(check_email(email));
  const auto now = clock_();
  const auto open = VF_TRY(store_.open_tickets("reset", now));
  const auto add = [&](const std::string& user, const std::string& address) -> Result<void> {
    store::Ticket ticket{.id = make_uuid(), .purpose = "reset", .user = user, .created_by = std::string(kByMail)};
    ticket.hash = sha256_hex(mailed_token(ticket.id));
    ticket.created_at = now;
    ticket.expires_at = user.empty() ? now : now + life;
    return store_.add_mailed_ticket(ticket, std::string(kResetAsked), address);
  };
  std::vector<std::string> asked;
  for (const auto& user : VF_TRY(store_.find_by_email(email))) {
    const bool again = std::ranges::any_of(open, [&](const store::Ticket& one) {
      return one.user == user.id && one.created_by == kByMail && one.created_at > now - kMailPause;
    });
    if (user.disabled || user.password.empty() || again) continue;
    VF_CHECK(add(user.id, user.email.value_or("")));
    asked.push_back(user.id);
  }
  if (asked.empty()) VF_CHECK(add("", ""));
  return asked;
}

}  // namespace vf::auth
