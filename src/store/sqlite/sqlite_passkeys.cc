#include "store/sqlite/sqlite_passkeys.h"

#include <fmt/format.h>

#include "store/sqlite/query.h"

namespace vf::store {
namespace {

constexpr std::string_view kColumns = "id, user, name, public_key, sign_count, created_at, used_at";

Passkey read_passkey(const Statement& row) {
  return {.id = row.text(0),
          .user = row.text(1),
          .name = row.text(2),
          .public_key = row.text(3),
          .sign_count = row.number(4),
          .created_at = row.number(5),
          .used_at = row.maybe_number(6)};
}

class SqlitePasskeyStore final : public PasskeyStore {
 public:
  explicit SqlitePasskeyStore(SqlitePool& pool) : pool_(pool) {}

  Result<void> add(const Passkey& key, std::int64_t most) override {
    return pool_.write([&](Database& db) -> Result<void> {
      auto held = VF_TRY(query(db, "SELECT count(*) FROM passkeys WHERE user = ?", key.user));
      VF_TRY(held.step());
      if (held.number(0) >= most)
        return fail(ErrorCode::limit_exceeded,
                    fmt::format("You have {} passkeys, which is the most; remove one first.", most));
      const auto added = VF_TRY(change(db,
                                       "INSERT OR IGNORE INTO passkeys (id, user, name, public_key, sign_count, "
                                       "created_at) VALUES (?, ?, ?, ?, ?, ?)",
                                       key.id, key.user, key.name, key.public_key, key.sign_count, key.created_at));
      if (added == 0) return fail(ErrorCode::conflict, "This passkey is registered already.");
      return {};
    });
  }

  Result<std::optional<Passkey>> find(const std::string& id) override {
    return pool_.read([&](Database& db) -> Result<std::optional<Passkey>> {
      return first(VF_TRY(query(db, fmt::format("SELECT {} FROM passkeys WHERE id = ?", kColumns), id)), read_passkey);
    });
  }

  Result<std::vector<Passkey>> list(const std::string& user) override {
    return pool_.read([&](Database& db) -> Result<std::vector<Passkey>> {
      const auto sql = fmt::format("SELECT {} FROM passkeys WHERE user = ? ORDER BY created_at, id", kColumns);
      return rows(VF_TRY(query(db, sql, user)), read_passkey);
    });
  }

  Result<bool> used(const std::string& id, std::int64_t before, std::int64_t sign_count, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      return VF_TRY(change(db, "UPDATE passkeys SET sign_count = ?, used_at = ? WHERE id = ? AND sign_count = ?",
                           sign_count, now, id, before)) == 1;
    });
  }

  Result<bool> remove(const std::string& id, const std::string& user) override {
    return pool_.write([&](Database& db) -> Result<bool> {
      auto demanded =
          VF_TRY(query(db,
                       "SELECT 1 FROM users WHERE id = ?1 AND passkey_required = 1 AND NOT EXISTS (SELECT 1 "
                       "FROM passkeys WHERE user = ?1 AND id <> ?2)",
                       user, id));
      if (VF_TRY(demanded.step()))
        return fail(ErrorCode::conflict,
                    "Signing in asks for a passkey and this is the last one; switch that off first: DELETE "
                    "/api/auth/mfa/passkey.");
      return VF_TRY(change(db, "DELETE FROM passkeys WHERE id = ? AND user = ?", id, user)) == 1;
    });
  }

 private:
  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<PasskeyStore> sqlite_passkey_store(SqlitePool& pool) {
  return std::make_unique<SqlitePasskeyStore>(pool);
}

}  // namespace vf::store
