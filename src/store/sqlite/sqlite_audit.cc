#include "store/sqlite/sqlite_audit.h"

#include <array>
#include <mutex>

#include <fmt/format.h>

#include "store/audit_chain.h"
#include "store/sqlite/query.h"

namespace vf::store {
namespace {

constexpr std::string_view kColumns =
    "sequence, at, actor, actor_name, via, action, target, address, outcome, detail, hash, keyed";

AuditEntry read_entry(const Statement& row) {
  return {.sequence = row.number(0),
          .at = row.number(1),
          .actor = row.text(2),
          .actor_name = row.text(3),
          .via = row.text(4),
          .action = row.text(5),
          .target = row.text(6),
          .address = row.text(7),
          .outcome = row.text(8),
          .detail = row.text(9),
          .hash = row.text(10)};
}

bool is_keyed(const Statement& row) { return row.number(11) != 0; }

// One row after the other, from the first on.
void judge(AuditVerdict& verdict, const AuditEntry& entry, bool keyed, const std::string& key) {
  ++verdict.rows;
  if (keyed && !verdict.keyed_from) verdict.keyed_from = entry.sequence;
  const bool checkable = !keyed || !key.empty();
  if (!checkable) ++verdict.unchecked;
  // A row without the key behind one with it was put there by somebody who has none.
  const bool fits = entry.sequence == verdict.rows && (keyed || !verdict.keyed_from) &&
                    (!checkable || entry.hash == audit_hash(verdict.head, entry, keyed ? key : ""));
  if (!fits && !verdict.broken_at) verdict.broken_at = entry.sequence;
  verdict.head = entry.hash;
}

class SqliteAuditStore final : public AuditStore {
 public:
  explicit SqliteAuditStore(SqlitePool& pool) : pool_(pool) {}

  void use_key(std::string key) override {
    const std::scoped_lock lock(mutex_);
    key_ = std::move(key);
  }

  Result<std::int64_t> append(const AuditEntry& entry) override {
    const auto key = this->key();
    return pool_.write([&](Database& db) -> Result<std::int64_t> {
      auto last = VF_TRY(query(db, "SELECT sequence, hash, keyed FROM audit ORDER BY sequence DESC LIMIT 1"));
      const bool any = VF_TRY(last.step());
      if (any && last.number(2) != 0 && key.empty())
        return fail(ErrorCode::internal, "The audit log goes on only with the server's key.");
      AuditEntry row = entry;
      row.sequence = any ? last.number(0) + 1 : 1;
      row.hash = audit_hash(any ? last.text(1) : "", row, key);
      VF_CHECK(run(db, fmt::format("INSERT INTO audit ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kColumns),
                   row.sequence, row.at, row.actor, row.actor_name, row.via, row.action, row.target, row.address,
                   row.outcome, row.detail, row.hash, !key.empty()));
      return row.sequence;
    });
  }

  Result<std::vector<AuditEntry>> list(const AuditQuery& wanted) override {
    return pool_.read([&](Database& db) -> Result<std::vector<AuditEntry>> {
      const auto sql = fmt::format(
          "SELECT {} FROM audit WHERE (?1 = 0 OR sequence < ?1) AND (?2 = '' OR actor = ?2) AND "
          "substr(action, 1, length(?3)) = ?3 AND (?4 = '' OR target = ?4) AND (?5 = '' OR outcome = ?5) AND "
          "(?6 = 0 OR at >= ?6) AND (?7 = 0 OR at < ?7) ORDER BY sequence DESC LIMIT ?8",
          kColumns);
      return rows(VF_TRY(query(db, sql, wanted.before, wanted.actor, wanted.action, wanted.target, wanted.outcome,
                               wanted.from, wanted.to, wanted.limit)),
                  read_entry);
    });
  }

  Result<AuditVerdict> verify() override {
    const auto key = this->key();
    return pool_.read([&](Database& db) -> Result<AuditVerdict> {
      auto row = VF_TRY(query(db, fmt::format("SELECT {} FROM audit ORDER BY sequence", kColumns)));
      AuditVerdict verdict;
      while (VF_TRY(row.step())) judge(verdict, read_entry(row), is_keyed(row), key);
      return verdict;
    });
  }

 private:
  std::string key() {
    const std::scoped_lock lock(mutex_);
    return key_;
  }
  SqlitePool& pool_;
  std::mutex mutex_;
  std::string key_;
};

class SqliteSecretStore final : public SecretStore {
 public:
  explicit SqliteSecretStore(SqlitePool& pool) : pool_(pool) {}

  Result<Secret> put_if_absent(const Secret& secret) override {
    return pool_.write([&](Database& db) -> Result<Secret> {
      VF_CHECK(run(db, "INSERT OR IGNORE INTO secrets (name, sealed, created_at) VALUES (?, ?, ?)", secret.name,
                   secret.sealed, secret.created_at));
      auto row = VF_TRY(query(db, "SELECT name, sealed, created_at FROM secrets WHERE name = ?", secret.name));
      VF_TRY(row.step());
      return Secret{row.text(0), row.text(1), row.number(2)};
    });
  }

  Result<std::int64_t> reseal(const Again& again) override {
    struct Place {
      Sealed::Kind kind;
      std::string_view all, put;
    };
    static constexpr std::array kPlaces{Place{Sealed::Kind::server_secret, "SELECT name, sealed FROM secrets",
                                              "UPDATE secrets SET sealed = ? WHERE name = ?"},
                                        Place{Sealed::Kind::totp, "SELECT id, totp FROM users WHERE totp <> ''",
                                              "UPDATE users SET totp = ? WHERE id = ?"}};
    return pool_.write([&](Database& db) -> Result<std::int64_t> {
      std::int64_t changed = 0;
      for (const auto& place : kPlaces) {
        const auto all = VF_TRY(rows(VF_TRY(query(db, place.all)), [&](const Statement& row) {
          return Sealed{place.kind, row.text(0), row.text(1)};
        }));
        for (const auto& one : all)
          if (const auto text = VF_TRY(again(one))) changed += VF_TRY(change(db, place.put, *text, one.owner));
      }
      return changed;
    });
  }

  Result<std::vector<Secret>> list(const std::string& prefix) override {
    return pool_.read([&](Database& db) -> Result<std::vector<Secret>> {
      return rows(VF_TRY(query(db,
                               "SELECT name, sealed, created_at FROM secrets WHERE substr(name, 1, length(?1)) = ?1 "
                               "ORDER BY created_at, name",
                               prefix)),
                  [](const Statement& row) { return Secret{row.text(0), row.text(1), row.number(2)}; });
    });
  }

  Result<void> remove(const std::string& name) override {
    return pool_.write(
        [&](Database& db) -> Result<void> { return run(db, "DELETE FROM secrets WHERE name = ?", name); });
  }

 private:
  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<AuditStore> sqlite_audit_store(SqlitePool& pool) { return std::make_unique<SqliteAuditStore>(pool); }
std::unique_ptr<SecretStore> sqlite_secret_store(SqlitePool& pool) { return std::make_unique<SqliteSecretStore>(pool); }

}  // namespace vf::store
