#include "store/sqlite/sqlite_keys.h"

#include <fmt/format.h>

#include "base/json.h"
#include "store/sqlite/query.h"

namespace vf::store {
namespace {

constexpr std::string_view kColumns =
    "k.id, k.user, k.name, k.prefix, k.hash, k.previous_hash, k.previous_until, k.role, k.scopes, k.allowed_cidrs, "
    "k.created_at, k.expires_at, k.used_at, k.used_from";

std::string as_text(const std::vector<std::string>& list) { return dump(to_json(list)); }

Result<ApiKey> read_key(const Statement& row) {
  return ApiKey{.id = row.text(0),
                .user = row.text(1),
                .name = row.text(2),
                .prefix = row.text(3),
                .hash = row.text(4),
                .previous_hash = row.maybe_text(5),
                .previous_until = row.maybe_number(6),
                .role = row.text(7),
                .scopes = VF_TRY(from_json_text<std::vector<std::string>>(row.text(8))),
                .allowed_cidrs = VF_TRY(from_json_text<std::vector<std::string>>(row.text(9))),
                .created_at = row.number(10),
                .expires_at = row.maybe_number(11),
                .used_at = row.maybe_number(12),
                .used_from = row.maybe_text(13)};
}

class SqliteKeyStore final : public KeyStore {
 public:
  explicit SqliteKeyStore(SqlitePool& pool) : pool_(pool) {}

  Result<void> add(const ApiKey& key, std::int64_t most) override {
    return pool_.write([&](Database& db) -> Result<void> {
      auto held = VF_TRY(query(db, "SELECT count(*) FROM api_keys WHERE user = ? AND revoked_at IS NULL", key.user));
      VF_TRY(held.step());
      if (held.number(0) >= most)
        return fail(ErrorCode::limit_exceeded,
                    fmt::format("You hold {} API keys, which is the most; revoke one first.", held.number(0)));
      const auto added = VF_TRY(change(db,
                                       "INSERT OR IGNORE INTO api_keys (id, user, name, prefix, hash, role, scopes, "
                                       "allowed_cidrs, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                       key.id, key.user, key.name, key.prefix, key.hash, key.role, as_text(key.scopes),
                                       as_text(key.allowed_cidrs), key.created_at, key.expires_at));
      if (added == 0) return fail(ErrorCode::conflict, "The key's prefix is taken; try again.");
      return {};
    });
  }

  Result<std::optional<KeyAndOwner>> find_by_prefix(const std::string& prefix) override {
    return pool_.read([&](Database& db) -> Result<std::optional<KeyAndOwner>> {
      const auto sql = fmt::format(
          "SELECT {}, u.name, u.role, u.disabled FROM api_keys k JOIN users u ON u.id = k.user WHERE k.prefix = ? AND "
          "k.revoked_at IS NULL",
          kColumns);
      auto row = VF_TRY(query(db, sql, prefix));
      if (!VF_TRY(row.step())) return std::nullopt;
      return KeyAndOwner{VF_TRY(read_key(row)), row.text(14), row.text(15), row.number(16) != 0};
    });
  }

  Result<std::optional<ApiKey>> find(const std::string& id, const std::string& user) override {
    return pool_.read([&](Database& db) -> Result<std::optional<ApiKey>> {
      const auto sql =
          fmt::format("SELECT {} FROM api_keys k WHERE k.id = ? AND k.user = ? AND k.revoked_at IS NULL", kColumns);
      auto row = VF_TRY(query(db, sql, id, user));
      if (!VF_TRY(row.step())) return std::nullopt;
      return VF_TRY(read_key(row));
    });
  }

  Result<std::vector<ApiKey>> list(const std::string& user, const std::string& after, std::int64_t limit) override {
    return pool_.read([&](Database& db) -> Result<std::vector<ApiKey>> {
      const auto sql = fmt::format(
          "SELECT {} FROM api_keys k WHERE k.user = ? AND k.id > ? AND k.revoked_at IS NULL ORDER BY k.id LIMIT ?",
          kColumns);
      auto row = VF_TRY(query(db, sql, user, after, limit));
      std::vector<ApiKey> out;
      while (VF_TRY(row.step())) out.push_back(VF_TRY(read_key(row)));
      return out;
    });
  }

  Result<bool> update(const ApiKey& key) override {
    return changed(
        "UPDATE api_keys SET name = ?, scopes = ?, allowed_cidrs = ?, expires_at = ? WHERE id = ? AND user = ? AND "
        "revoked_at IS NULL",
        key.name, as_text(key.scopes), as_text(key.allowed_cidrs), key.expires_at, key.id, key.user);
  }

  Result<bool> rotate(const std::string& id, const std::string& user, const std::string& hash,
                      std::int64_t previous_until) override {
    return changed(
        "UPDATE api_keys SET previous_hash = hash, previous_until = ?, hash = ? WHERE id = ? AND user = ? AND "
        "revoked_at IS NULL",
        previous_until, hash, id, user);
  }

  Result<bool> revoke(const std::string& id, const std::string& user, std::int64_t now) override {
    return changed("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND user = ? AND revoked_at IS NULL", now, id,
                   user);
  }

  Result<std::int64_t> revoke_all(const std::string& user, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<std::int64_t> {
      return change(db, "UPDATE api_keys SET revoked_at = ? WHERE user = ? AND revoked_at IS NULL", now, user);
    });
  }

  Result<void> used(const std::string& id, const std::string& from, std::int64_t now) override {
    VF_TRY(changed("UPDATE api_keys SET used_at = ?, used_from = ? WHERE id = ?", now, from, id));
    return {};
  }

 private:
  template <typename... Values>
  Result<bool> changed(std::string_view sql, const Values&... values) {
    return pool_.write([&](Database& db) -> Result<bool> { return VF_TRY(change(db, sql, values...)) == 1; });
  }

  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<KeyStore> sqlite_key_store(SqlitePool& pool) { return std::make_unique<SqliteKeyStore>(pool); }

}  // namespace vf::store
