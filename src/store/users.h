// The port for accounts: users, their second factor, invitations, linked identities. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction. Times are Unix milliseconds, ids UUIDs. Names are ASCII and
// compare without case. Secrets arrive hashed or sealed (room auth): nothing here can be used to sign in.
// The last admin who can sign in (enabled, with a password, a passkey or a linked identity) is never demoted,
// disabled or removed: ErrorCode::conflict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct User {
  std::string id;
  std::string name;
  std::optional<std::string> email;
  std::string password;  // argon2id; empty: none
  std::string role;      // "viewer", "user", "admin"
  bool disabled = false;
  std::string totp;  // sealed; empty: no second factor
  bool totp_active = false;
  std::int64_t totp_step = 0;
  bool passkey_required = false;  // a password alone does not sign in
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
  std::int64_t password_changed_at = 0;
  std::optional<std::int64_t> signed_in_at;
};

struct LinkedAccount {
  std::string issuer;
  std::string subject;
  std::string user;
};

// On what condition a user may be added.
struct JoinTerms {
  bool first = false;                     // only when there is nobody yet
  std::string invitation;                 // hash of an unused invitation, which is used up by it; its role is given
  std::optional<LinkedAccount> identity;  // linked to the new user in the same transaction; `user` is not read
};

struct UserQuery {
  std::string after;  // id; empty: from the beginning
  std::int64_t limit = 50;
  std::string text;  // part of the name or e-mail address; empty: all
  std::string role;  // empty: all
};

// Good once, until it expires. `hash`: of the token that was handed out.
struct Ticket {
  std::string id;
  std::string hash;
  std::string purpose;  // "invitation", "reset"
  std::string user;     // whose password; empty for an invitation
  std::string role;
  std::string note;
  std::string created_by;
  std::int64_t created_at = 0;
  std::int64_t expires_at = 0;
  std::optional<std::int64_t> used_at;
};

class UserStore {
 public:
  virtual ~UserStore() = default;

  // Returns the user as stored. Errors: conflict when the name is taken, the identity is linked, or (first)
  // somebody is there; not_found when the invitation is not good: unknown, used, over, or of somebody who is no
  // admin any more. The invitation is looked at before the name, so that names are told to nobody without one.
  virtual Result<User> add(const User& user, const JoinTerms& terms) = 0;
  virtual Result<std::optional<User>> find(const std::string& id) = 0;
  virtual Result<std::optional<User>> find_by_name(const std::string& name) = 0;
  virtual Result<std::vector<User>> list(const UserQuery& query) = 0;  // in order of id
  virtual Result<std::int64_t> count() = 0;

  // These answer not_found for an unknown id. A new password, a new address and a disabled account make the open
  // reset tickets of that user void.
  virtual Result<void> set_password(const std::string& id, const std::string& hash, std::int64_t now) = 0;
  virtual Result<void> set_role(const std::string& id, const std::string& role, std::int64_t now) = 0;
  virtual Result<void> set_disabled(const std::string& id, bool disabled, std::int64_t now) = 0;
  virtual Result<void> set_email(const std::string& id, const std::optional<std::string>& email, std::int64_t now) = 0;
  virtual Result<void> remove(const std::string& id) = 0;  // with sessions, keys and codes

  // The second factor: a secret waits for its first code, then counts. Empty `sealed` takes it away, with
  // its recovery codes.
  virtual Result<void> set_totp(const std::string& id, const std::string& sealed, std::int64_t now) = 0;
  // Errors: conflict when none waits.
  virtual Result<void> activate_totp(const std::string& id, std::int64_t step,
                                     const std::vector<std::string>& recovery_hashes, std::int64_t now) = 0;
  // False when this step or a later one was taken before: of two at once one wins.
  virtual Result<bool> take_totp_step(const std::string& id, std::int64_t step) = 0;
  virtual Result<bool> take_recovery_code(const std::string& id, const std::string& hash, std::int64_t now) = 0;
  virtual Result<std::int64_t> recovery_codes_left(const std::string& id) = 0;

  // Errors: conflict when the user has no passkey to demand.
  virtual Result<void> set_passkey_required(const std::string& id, bool required, std::int64_t now) = 0;

  virtual Result<void> add_ticket(const Ticket& ticket) = 0;
  // A ticket that its user has to be told of by mail: with the event `type` {ticketId, address, expiresAt} in the
  // event log, under the user's id, in the same transaction. A ticket without a user is good for nothing, and no
  // event is written: it only takes as long.
  virtual Result<void> add_mailed_ticket(const Ticket& ticket, const std::string& type, const std::string& address) = 0;
  // Those with this e-mail address, in any case of letters.
  virtual Result<std::vector<User>> find_by_email(const std::string& email) = 0;
  // Tickets that ended before then.
  virtual Result<void> forget_tickets(std::int64_t before) = 0;
  virtual Result<std::vector<Ticket>> open_tickets(const std::string& purpose, std::int64_t now) = 0;
  virtual Result<bool> remove_invitation(const std::string& id) = 0;  // false: there is none of that id
  // Uses up a reset ticket and sets the password of its user, whose id is the answer; nothing for a ticket
  // that is not good, or whose user is disabled.
  virtual Result<std::optional<std::string>> reset_password(const std::string& ticket_hash, const std::string& hash,
                                                            std::int64_t now) = 0;

  virtual Result<void> link(const LinkedAccount& account, std::int64_t now) = 0;  // conflict: linked already
  virtual Result<std::optional<std::string>> find_linked(const std::string& issuer, const std::string& subject) = 0;
  virtual Result<std::vector<LinkedAccount>> linked(const std::string& user) = 0;
};

}  // namespace vf::store
