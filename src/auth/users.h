// The life of an account: made, changed, invited, disabled, removed. What it may and whether it is signed in
// follow at once: sessions end and cached answers are forgotten where a change asks for it.
//
// Thread-safe. Errors of wrong wishes are invalid_argument with the pointer of the bad field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_keys.h"
#include "auth/password.h"
#include "auth/password_policy.h"
#include "auth/sessions.h"
#include "store/users.h"

namespace vf::auth {

struct NewUser {
  std::string name;
  std::optional<std::string> email;
  std::string password;
  Role role = Role::user;
};

struct Invitation {
  store::Ticket ticket;
  std::string token;  // shown once
};

class Users {
 public:
  // All of these outlive this.
  Users(store::UserStore& store, PasswordHasher& hasher, Sessions& sessions, ApiKeys& keys, Clock clock,
        const PasswordPolicy& policy, std::string mail_key)
      : store_(store),
        hasher_(hasher),
        sessions_(sessions),
        keys_(keys),
        clock_(std::move(clock)),
        policy_(policy),
        mail_key_(std::move(mail_key)) {}

  // `invitation`: the token of one, or empty. `first`: only while there is nobody.
  Result<store::User> add(const NewUser& wish, const std::string& invitation, bool first);
  // Without a password, linked to an identity that a provider vouches for. conflict: the name is taken.
  Result<store::User> add_external(const std::string& name, const std::string& email, Role role,
                                   store::LinkedAccount identity);
  Result<store::User> find(const std::string& id);  // not_found

  // The present password is asked for; every session but `session` ends. False: it was wrong.
  Result<bool> change_password(const std::string& id, std::string_view present, std::string_view wanted,
                               const std::string& session);
  // The user's id, or nothing for a token that is not good. All sessions end.
  Result<std::optional<std::string>> reset_password(std::string_view token, std::string_view wanted);
  // By an admin, at the command line: all sessions end.
  Result<void> set_password(const std::string& id, std::string_view wanted);
  // Whether it is the user's password, for acts that ask again.
  Result<bool> confirm(const std::string& id, std::string_view password);

  Result<void> set_role(const std::string& id, Role role);
  Result<void> set_disabled(const std::string& id, bool disabled);
  // Ends its sessions and revokes its keys.
  Result<void> shut_out(const std::string& id, const std::string& why);
  Result<void> set_email(const std::string& id, const std::optional<std::string>& email);
  Result<void> remove(const std::string& id);

  Result<Invitation> invite(const std::string& by, Role role, const std::string& note, std::int64_t life);
  Result<Invitation> allow_reset(const std::string& by, const std::string& id, std::int64_t life);

  // For everybody with that e-mail address and a password: a ticket, and the event kResetAsked for whoever sends
  // mails; not again within a while. The ids of these accounts; where there are none it takes as long.
  static constexpr std::string_view kResetAsked = "password-reset-asked";
  static constexpr std::string_view kByMail = "mail";  // created_by of such tickets
  Result<std::vector<std::string>> mail_reset(const std::string& email, std::int64_t life);
  // The token of a ticket that was announced so. It is derived, and stands nowhere.
  std::string mailed_token(const std::string& ticket) const;

 private:
  Result<Invitation> add_ticket(store::Ticket ticket, std::int64_t life);
  void forget_answers();

  store::UserStore& store_;
  PasswordHasher& hasher_;
  Sessions& sessions_;
  ApiKeys& keys_;
  Clock clock_;
  PasswordPolicy policy_;
  std::string mail_key_;
};

// Errors: invalid_argument. Names are ASCII, so that none looks like another.
Result<void> check_user_name(std::string_view name);

}  // namespace vf::auth
