#include "store/sqlite/sqlite_quotas.h"

#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

namespace vf::store {
namespace {

// After the stored bytes.
constexpr std::string_view kOtherUse =
    "(SELECT COALESCE(SUM(COALESCE(size, reserved)), 0) FROM uploads WHERE owner = ?1 AND state = 'open'), "
    "(SELECT COALESCE(SUM(milliseconds), 0) FROM media_use WHERE owner = ?1 AND at >= ?3), "
    "(SELECT COUNT(*) FROM jobs WHERE owner = ?1 AND state IN ('pending', 'processing', 'paused')), "
    "(SELECT COUNT(*) FROM uploads WHERE owner = ?1 AND created_at >= ?2), "
    "(SELECT MIN(created_at) FROM uploads WHERE owner = ?1 AND created_at >= ?2)";

class SqliteQuotaStore final : public QuotaStore {
 public:
  explicit SqliteQuotaStore(SqlitePool& pool) : pool_(pool) {}

  Result<std::optional<Allowed>> find(const std::string& user) override {
    return pool_.read([&](Database& db) -> Result<std::optional<Allowed>> {
      return first(VF_TRY(query(db,
                                "SELECT role, storage, minutes, jobs, uploads FROM users LEFT JOIN quotas ON user = id "
                                "WHERE id = ?",
                                user)),
                   [](const Statement& row) {
                     return Allowed{
                         row.text(0),
                         {row.maybe_number(1), row.maybe_number(2), row.maybe_number(3), row.maybe_number(4)}};
                   });
    });
  }

  Result<void> set(const std::string& user, const QuotaLimits& own, std::int64_t now) override {
    return pool_.write([&](Database& db) -> Result<void> {
      const auto put =
          VF_TRY(change(db,
                        "INSERT OR REPLACE INTO quotas (user, storage, minutes, jobs, uploads, updated_at) "
                        "SELECT id, ?, ?, ?, ?, ? FROM users WHERE id = ?",
                        own.storage_bytes, own.minutes_a_month, own.jobs, own.uploads_a_day, now, user));
      if (put == 0) return fail(ErrorCode::not_found, "There is no such user.");
      return {};
    });
  }

  Result<QuotaUse> use(const std::string& user, const Since& since) override {
    return pool_.read([&](Database& db) -> Result<QuotaUse> {
      auto row = VF_TRY(query(db, fmt::format("SELECT {}, {}", kStoredBytes, kOtherUse), user, since.day, since.month));
      VF_TRY(row.step());
      return QuotaUse{row.number(0), row.number(1), row.number(2), row.number(3), row.number(4), row.maybe_number(5)};
    });
  }

  Result<void> forget_before(std::int64_t at) override {
    return pool_.write([&](Database& db) -> Result<void> { return run(db, "DELETE FROM media_use WHERE at < ?", at); });
  }

 private:
  SqlitePool& pool_;
};

}  // namespace

std::unique_ptr<QuotaStore> sqlite_quota_store(SqlitePool& pool) { return std::make_unique<SqliteQuotaStore>(pool); }

}  // namespace vf::store
