#include "store/sqlite/sqlite_users.h"

#include <cctype>

#include <fmt/format.h>

#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

namespace vf::store {
namespace {

constexpr std::string_view kColumns =
    "id, name, email, password, role, disabled, totp, totp_active, totp_step, created_at, updated_at, "
    "password_changed_at, signed_in_at, passkey_required";
constexpr std::string_view kTicketColumns =
    "id, hash, purpose, user, role, note, created_by, created_at, expires_at, used_at";

User read_user(const Statement& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .email = row.maybe_text(2),
          .password = row.text(3),
          .role = row.text(4),
          .disabled = row.number(5) != 0,
          .totp = row.text(6),
          .totp_active = row.number(7) != 0,
          .totp_step = row.number(8),
          .passkey_required = row.number(13) != 0,
          .created_at = row.number(9),
          .updated_at = row.number(10),
          .password_changed_at = row.number(11),
          .signed_in_at = row.maybe_number(12)};
}

Ticket read_ticket(const Statement& row) {
  return {.id = row.text(0),
          .hash = row.text(1),
          .purpose = row.text(2),
          .user = row.text(3),
          .role = row.text(4),
          .note = row.text(5),
          .created_by = row.text(6),
          .created_at = row.number(7),
          .expires_at = row.number(8),
          .used_at = row.maybe_number(9)};
}

std::string small(std::string_view name) {
  std::string out(name);
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// For LIKE: the signs that mean something there mean themselves.
std::string pattern(std::string_view text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

std::unexpected<Error> no_such_user() { return fail(ErrorCode::not_found, "There is no such user."); }

Result<void> expect_changed(Result<std::int64_t> changed) {
  if (VF_TRY(std::move(changed)) == 0) return no_such_user();
  return {};
}

Result<bool> exists(Database& db, std::string_view sql, const std::string& value) {
  return VF_TRY(query(db, sql, value)).step();
}

// Asked before the last one would be lost, inside the transaction that would lose it.
Result<void> refuse_losing_the_last_admin(Database& db, const std::string& id) {
  auto others = VF_TRY(query(
      db,
      "SELECT 1 FROM users u WHERE role = 'admin' AND disabled = 0 AND id <> ? AND (password <> '' OR EXISTS (SELECT 1 "
      "FROM passkeys WHERE user = u.id) OR EXISTS (SELECT 1 FROM linked_accounts WHERE user = u.id)) LIMIT 1",
      id));
  auto is_one = VF_TRY(query(db, "SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND id = ?", id));
  if (VF_TRY(is_one.step()) && !VF_TRY(others.step()))
    return fail(ErrorCode::conflict, "This is the last admin who can sign in; make another one first.");
  return {};
}

Result<void> drop_second_factor(Database& db, const std::string& id) {
  VF_CHECK(run(db, "DELETE FROM recovery_codes WHERE user = ?", id));
  return run(db, "UPDATE users SET totp_active = 0 WHERE id = ?", id);
}

class SqliteUserStore final : public UserStore {
 public:
  explicit SqliteUserStore(SqlitePool& pool) : pool_(pool) {}

  Result<User> add(const User& user, const JoinTerms& terms) override {
    return pool_.write([&](Database& db) -> Result<User> {
      User added = user;
      if (terms.first && VF_TRY(VF_TRY(query(db, "SELECT 1 FROM users LIMIT 1")).step()))
        return fail(ErrorCode::conflict, "The first account exists already.");
      if (!terms.invitation.empty()) added.role = VF_TRY(use_invitation(db, terms.invitation, user));
      if (VF_TRY(exists(db, "SELECT 1 FROM users WHERE name_key = ?", small(user.name))))
        return fail(ErrorCode::conflict, "This user name is taken; choose another.");
      VF_CHECK(insert(db, added));
      if (terms.identity)
        VF_CHECK(put_link(db, {terms.identity->issuer, terms.identity->subject, added.id}, added.created_at));
      return added;
    });
  }

  Result<std::optional<User>> find(const std::string& id) override {
    return pool_.read([&](Database& db) -> Result<std::optional<User>> {
      return first(VF_TRY(query(db, fmt::format("SELECT {} FROM users WHERE id = ?", kColumns), id)), read_user);
    });
  }

  Result<std::optional<User>> find_by_name(const std::string& name) override {
    return pool_.read([&](Database& db) -> Result<std::optional<User>> {
      return first(VF_TRY(query(db, fmt::format("SELECT {} FROM users WHERE name_key = ?", kColumns), small(name))),
                   read_user);
    });
  }

  Result<std::vector<User>> list(const UserQuery& wanted) override {
    return pool_.read([&](Database& db) -> Result<std::vector<User>> {
      const auto sql = fmt::format(
          "SELECT {} FROM users WHERE id > ?1 AND (?2 = '' OR role = ?2) AND "
          "(name LIKE ?3 ESCAPE '\\' OR email LIKE ?3 ESCAPE '\\') ORDER BY id LIMIT ?4",
          kColumns);
      return rows(VF_TRY(query(db, sql, wanted.after, wanted.role, pattern(wanted.text), wanted.limit)), read_user);
    });
  }

  Result<std::int64_t> count() override {
    return pool_.read([&](Database& db) -> Result<std::int64_t> {
      auto row = VF_TRY(query(db, "SELECT count(*) FROM users"));
      VF_TRY(row.step());
      return row.number(0);
    });
  }

  Result<void> set_password(const std::string& id, const std::string& hash, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> { return put_password(db, id, hash, now); });
  }

  Result<void> set_role(const std::string& id, const std::string& role, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      if (role != "admin") VF_CHECK(refuse_losing_the_last_admin(db, id));
      return expect_changed(change(db, "UPDATE users SET role = ?, updated_at = ? WHERE id = ?", role, now, id));
    });
  }

  Result<void> set_disabled(const std::string& id, bool disabled, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      if (disabled) {
        VF_CHECK(refuse_losing_the_last_admin(db, id));
        VF_CHECK(void_resets(db, id));
      }
      return expect_changed(
          change(db, "UPDATE users SET disabled = ?, updated_at = ? WHERE id = ?", disabled, now, id));
    });
  }

  Result<void> set_email(const std::string& id, const std::optional<std::string>& email, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      VF_CHECK(void_resets(db, id));
      return expect_changed(change(db, "UPDATE users SET email = ?, updated_at = ? WHERE id = ?", email, now, id));
    });
  }

  Result<void> remove(const std::string& id) override {
    return pool_.write([&](Database& db) -> Result<void> {
      VF_CHECK(refuse_losing_the_last_admin(db, id));
      VF_CHECK(run(db, "DELETE FROM events WHERE subject = ?", id));
      return expect_changed(change(db, "DELETE FROM users WHERE id = ?", id));
    });
  }

  Result<void> set_totp(const std::string& id, const std::string& sealed, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      VF_CHECK(drop_second_factor(db, id));
      return expect_changed(
          change(db, "UPDATE users SET totp = ?, totp_step = 0, updated_at = ? WHERE id = ?", sealed, now, id));
    });
  }

  Result<void> set_passkey_required(const std::string& id, bool required, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      if (required && !VF_TRY(exists(db, "SELECT 1 FROM passkeys WHERE user = ?", id)))
        return fail(ErrorCode::conflict, "There is no passkey that could be demanded; register one first.");
      return expect_changed(
          change(db, "UPDATE users SET passkey_required = ?, updated_at = ? WHERE id = ?", required, now, id));
    });
  }

  Result<void> activate_totp(const std::string& id, std::int64_t step, const std::vector<std::string>& recovery_hashes,
                             std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      const auto changed = VF_TRY(change(db,
                                         "UPDATE users SET totp_active = 1, totp_step = ?, updated_at = ? WHERE id = ? "
                                         "AND totp <> '' AND totp_active = 0",
                                         step, now, id));
      if (changed == 0) return fail(ErrorCode::conflict, "No second factor waits to be confirmed; enrol one first.");
      for (const auto& hash : recovery_hashes)
        VF_CHECK(run(db, "INSERT INTO recovery_codes (user, hash) VALUES (?, ?)", id, hash));
      return {};
    });
  }

  Result<bool> take_totp_step(const std::string& id, std::int64_t step) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      return VF_TRY(change(db, "UPDATE users SET totp_step = ?1 WHERE id = ?2 AND totp_step < ?1", step, id)) == 1;
    });
  }

  Result<bool> take_recovery_code(const std::string& id, const std::string& hash, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      return VF_TRY(change(db, "UPDATE recovery_codes SET used_at = ? WHERE user = ? AND hash = ? AND used_at IS NULL",
                           now, id, hash)) == 1;
    });
  }

  Result<std::int64_t> recovery_codes_left(const std::string& id) override {
    return pool_.read([&](Database& db) -> Result<std::int64_t> {
      auto row = VF_TRY(query(db, "SELECT count(*) FROM recovery_codes WHERE user = ? AND used_at IS NULL", id));
      VF_TRY(row.step());
      return row.number(0);
    });
  }

  Result<void> add_ticket(const Ticket& ticket) override {
    return pool_.write([&](Database& db) -> Result<void> { return put_ticket(db, ticket); });
  }

  Result<void> add_mailed_ticket(const Ticket& ticket, const std::string& type, const std::string& address) override {
    return pool_.write([&](Database& db) -> Result<void> {
      VF_CHECK(put_ticket(db, ticket));
      if (ticket.user.empty()) return {};
      const json::object data{{"ticketId", ticket.id}, {"address", address}, {"expiresAt", ticket.expires_at}};
      return append_event(db, Subject::user, ticket.user, ticket.user, type, data, ticket.created_at);
    });
  }

  Result<std::vector<User>> find_by_email(const std::string& email) override {
    return pool_.read([&](Database& db) -> Result<std::vector<User>> {
      const auto sql = fmt::format("SELECT {} FROM users WHERE lower(email) = lower(?) ORDER BY id LIMIT 20", kColumns);
      return rows(VF_TRY(query(db, sql, email)), read_user);
    });
  }

  Result<void> forget_tickets(std::int64_t before) override {
    return pool_.write(
        [&](Database& db) -> Result<void> { return run(db, "DELETE FROM tickets WHERE expires_at < ?", before); });
  }

  Result<std::vector<Ticket>> open_tickets(const std::string& purpose, std::int64_t now) override {
    return pool_.read([&](Database& db) -> Result<std::vector<Ticket>> {
      const auto sql =
          fmt::format("SELECT {} FROM tickets WHERE purpose = ? AND used_at IS NULL AND expires_at > ? ORDER BY id",
                      kTicketColumns);
      return rows(VF_TRY(query(db, sql, purpose, now)), read_ticket);
    });
  }

  Result<bool> remove_invitation(const std::string& id) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      return VF_TRY(change(db, "DELETE FROM tickets WHERE id = ? AND purpose = 'invitation'", id)) == 1;
    });
  }

  Result<std::optional<std::string>> reset_password(const std::string& ticket_hash, const std::string& hash,
                                                    std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<std::optional<std::string>> {
      const auto ticket = VF_TRY(use_ticket(db, ticket_hash, "reset", "", now));
      if (!ticket || !VF_TRY(exists(db, "SELECT 1 FROM users WHERE id = ? AND disabled = 0", ticket->user)))
        return std::nullopt;
      VF_CHECK(put_password(db, ticket->user, hash, now));
      return ticket->user;
    });
  }

  Result<void> link(const LinkedAccount& account, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> { return put_link(db, account, now); });
  }

  Result<std::optional<std::string>> find_linked(const std::string& issuer, const std::string& subject) override {
    return pool_.read([&](Database& db) -> Result<std::optional<std::string>> {
      return first(
          VF_TRY(query(db, "SELECT user FROM linked_accounts WHERE issuer = ? AND subject = ?", issuer, subject)),
          [](const Statement& row) { return row.text(0); });
    });
  }

  Result<std::vector<LinkedAccount>> linked(const std::string& user) override {
    return pool_.read([&](Database& db) -> Result<std::vector<LinkedAccount>> {
      return rows(
          VF_TRY(query(db, "SELECT issuer, subject, user FROM linked_accounts WHERE user = ? ORDER BY 1, 2", user)),
          [](const Statement& row) { return LinkedAccount{row.text(0), row.text(1), row.text(2)}; });
    });
  }

 private:
  static Result<void> insert(Database& db, const User& user) {
    return run(db,
               "INSERT INTO users (id, name, name_key, email, password, role, disabled, totp, totp_active, totp_step, "
               "created_at, updated_at, password_changed_at, signed_in_at) VALUES "
               "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               user.id, user.name, small(user.name), user.email, user.password, user.role, user.disabled, user.totp,
               user.totp_active, user.totp_step, user.created_at, user.updated_at, user.password_changed_at,
               user.signed_in_at);
  }

  static Result<void> put_ticket(Database& db, const Ticket& ticket) {
    const auto user = ticket.user.empty() ? std::nullopt : std::optional(ticket.user);
    return run(db,
               "INSERT INTO tickets (id, hash, purpose, user, role, note, created_by, created_at, expires_at) VALUES "
               "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
               ticket.id, ticket.hash, ticket.purpose, user, ticket.role, ticket.note, ticket.created_by,
               ticket.created_at, ticket.expires_at);
  }

  static Result<void> put_link(Database& db, const LinkedAccount& account, std::int64_t now) {
    const auto added = VF_TRY(
        change(db, "INSERT OR IGNORE INTO linked_accounts (issuer, subject, user, created_at) VALUES (?, ?, ?, ?)",
               account.issuer, account.subject, account.user, now));
    if (added == 0) return fail(ErrorCode::conflict, "This identity is linked to an account already.");
    return {};
  }

  static Result<void> void_resets(Database& db, const std::string& id) {
    return run(db, "DELETE FROM tickets WHERE user = ? AND purpose = 'reset' AND used_at IS NULL", id);
  }

  static Result<void> put_password(Database& db, const std::string& id, const std::string& hash, std::int64_t now) {
    VF_CHECK(void_resets(db, id));
    return expect_changed(change(
        db, "UPDATE users SET password = ?1, password_changed_at = ?2, updated_at = ?2 WHERE id = ?3", hash, now, id));
  }

  static Result<std::optional<Ticket>> use_ticket(Database& db, const std::string& hash, const std::string& purpose,
                                                  const std::string& by, std::int64_t now) {
    const auto sql = fmt::format(
        "SELECT {} FROM tickets WHERE hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?", kTicketColumns);
    auto ticket = VF_TRY(first(VF_TRY(query(db, sql, hash, purpose, now)), read_ticket));
    if (ticket) VF_CHECK(run(db, "UPDATE tickets SET used_at = ?, used_by = ? WHERE id = ?", now, by, ticket->id));
    return ticket;
  }

  static Result<std::string> use_invitation(Database& db, const std::string& hash, const User& user) {
    const auto ticket = VF_TRY(use_ticket(db, hash, "invitation", user.id, user.created_at));
    // Whoever invited has to be somebody who may, still.
    if (!ticket ||
        !VF_TRY(exists(db, "SELECT 1 FROM users WHERE id = ? AND disabled = 0 AND role = 'admin'", ticket->created_by)))
      return fail(ErrorCode::not_found, "This invitation is not valid, was used, or has expired; ask for a new one.");
    return ticket->role;
  }

  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<UserStore> sqlite_user_store(SqlitePool& pool) { return std::make_unique<SqliteUserStore>(pool); }

}  // namespace vf::store
