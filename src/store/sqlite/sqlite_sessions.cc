#include "store/sqlite/sqlite_sessions.h"

#include <fmt/format.h>

#include "store/sqlite/query.h"

namespace vf::store {
namespace {

constexpr std::string_view kColumns =
    "s.id, s.user, s.device, s.address, s.browser, s.created_at, s.used_at, s.expires_at";
constexpr std::string_view kLive = "s.revoked_at IS NULL AND s.expires_at > ?";

Session read_session(const Statement& row) {
  return {.id = row.text(0),
          .user = row.text(1),
          .device = row.text(2),
          .address = row.text(3),
          .browser = row.number(4) != 0,
          .created_at = row.number(5),
          .used_at = row.number(6),
          .expires_at = row.number(7)};
}

LiveSession read_live(const Statement& row) { return {read_session(row), row.text(8), row.text(9)}; }

struct Token {
  std::string session;
  std::optional<std::int64_t> used_at;
  std::string used_by;
  std::string successor;
};

Result<std::optional<Token>> find_token(Database& db, const std::string& hash) {
  return first(
      VF_TRY(query(db, "SELECT session, used_at, used_by, successor FROM refresh_tokens WHERE hash = ?", hash)),
      [](const Statement& row) { return Token{row.text(0), row.maybe_number(1), row.text(2), row.text(3)}; });
}

Result<std::optional<LiveSession>> live(Database& db, const std::string& id, std::int64_t now) {
  const auto sql = fmt::format(
      "SELECT {}, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user WHERE s.id = ? AND {} AND u.disabled = "
      "0",
      kColumns, kLive);
  return first(VF_TRY(query(db, sql, id, now)), read_live);
}

Result<void> add_token(Database& db, const std::string& hash, const std::string& session, std::int64_t now) {
  return run(db, "INSERT INTO refresh_tokens (hash, session, issued_at) VALUES (?, ?, ?)", hash, session, now);
}

// Another request of the same client came a moment ago, and what it got was not used yet.
Result<bool> is_repetition(Database& db, const Token& token, const Exchange& request) {
  if (request.now - *token.used_at > request.grace || token.used_by != request.client) return false;
  if (token.successor != request.successor) return false;
  const auto successor = VF_TRY(find_token(db, token.successor));
  return successor && !successor->used_at;
}

Result<void> rotate(Database& db, const Exchange& request, const std::string& session) {
  VF_CHECK(run(db, "UPDATE refresh_tokens SET used_at = ?, used_by = ?, successor = ? WHERE hash = ?", request.now,
               request.client, request.successor, request.hash));
  VF_CHECK(add_token(db, request.successor, session, request.now));
  return run(db, "UPDATE sessions SET used_at = ?, address = ?, expires_at = ? WHERE id = ?", request.now,
             request.address, request.expires_at, session);
}

Result<void> end_one(Database& db, const std::string& id, const std::string& why, std::int64_t now) {
  return run(db, "UPDATE sessions SET revoked_at = ?, revoked_why = ? WHERE id = ?", now, why, id);
}

class SqliteSessionStore final : public SessionStore {
 public:
  explicit SqliteSessionStore(SqlitePool& pool) : pool_(pool) {}

  Result<void> start(const Session& session, const std::string& token_hash) override {
    return pool_.write([&](Database& db) -> Result<void> {
      VF_CHECK(run(db,
                   "INSERT INTO sessions (id, user, device, address, browser, created_at, used_at, expires_at) VALUES "
                   "(?, ?, ?, ?, ?, ?, ?, ?)",
                   session.id, session.user, session.device, session.address, session.browser, session.created_at,
                   session.used_at, session.expires_at));
      VF_CHECK(run(db, "UPDATE users SET signed_in_at = ? WHERE id = ?", session.created_at, session.user));
      return add_token(db, token_hash, session.id, session.created_at);
    });
  }

  Result<ExchangeResult> exchange(const Exchange& request) override {
    return pool_.write([&](Database& db) -> Result<ExchangeResult> {
      const auto token = VF_TRY(find_token(db, request.hash));
      if (!token) return ExchangeResult{};
      auto standing = VF_TRY(live(db, token->session, request.now));
      if (!standing) return ExchangeResult{};
      if (!token->used_at) {
        VF_CHECK(rotate(db, request, token->session));
        return ExchangeResult{Exchanged::done, std::move(*standing)};
      }
      if (VF_TRY(is_repetition(db, *token, request))) return ExchangeResult{Exchanged::repeated, std::move(*standing)};
      VF_CHECK(end_one(db, token->session, "a used refresh token was shown again", request.now));
      return ExchangeResult{Exchanged::reused, std::move(*standing)};
    });
  }

  Result<std::optional<LiveSession>> find_live(const std::string& id, std::int64_t now) override {
    return pool_.read([&](Database& db) -> Result<std::optional<LiveSession>> { return live(db, id, now); });
  }

  Result<std::optional<std::string>> session_of(const std::string& token_hash) override {
    return pool_.read([&](Database& db) -> Result<std::optional<std::string>> {
      const auto token = VF_TRY(find_token(db, token_hash));
      return token ? std::optional(token->session) : std::nullopt;
    });
  }

  Result<std::vector<Session>> list_live(const std::string& user, std::int64_t now) override {
    return pool_.read([&](Database& db) -> Result<std::vector<Session>> {
      const auto sql = fmt::format("SELECT {} FROM sessions s WHERE s.user = ? AND {} ORDER BY s.used_at DESC, s.id",
                                   kColumns, kLive);
      return rows(VF_TRY(query(db, sql, user, now)), read_session);
    });
  }

  Result<bool> end(const std::string& id, const std::string& user, const std::string& why, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      const auto sql = fmt::format("SELECT {} FROM sessions s WHERE s.id = ? AND s.user = ? AND {}", kColumns, kLive);
      if (!VF_TRY(VF_TRY(query(db, sql, id, user, now)).step())) return false;
      VF_CHECK(end_one(db, id, why, now));
      return true;
    });
  }

  Result<std::vector<std::string>> end_all(const std::string& user, const std::string& except, const std::string& why,
                                           std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<std::vector<std::string>> {
      const auto sql = fmt::format("SELECT s.id FROM sessions s WHERE s.user = ? AND s.id <> ? AND {}", kLive);
      const auto ids =
          VF_TRY(rows(VF_TRY(query(db, sql, user, except, now)), [](const Statement& row) { return row.text(0); }));
      for (const auto& id : ids) VF_CHECK(end_one(db, id, why, now));
      return ids;
    });
  }

  Result<std::int64_t> forget(std::int64_t before) override {
    return pool_.write([&](Database& db) -> Result<std::int64_t> {
      return change(db, "DELETE FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1", before);
    });
  }

 private:
  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<SessionStore> sqlite_session_store(SqlitePool& pool) {
  return std::make_unique<SqliteSessionStore>(pool);
}

}  // namespace vf::store
