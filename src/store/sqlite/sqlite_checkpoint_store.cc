#include "store/sqlite/sqlite_checkpoint_store.h"

#include <algorithm>
#include <mutex>

#include "base/clock.h"
#include "store/sqlite/database.h"

namespace vf::store {
namespace {

std::int64_t now() { return wall_clock_ms() / 1000; }

Result<Checkpoint> read_row(const std::string& key, const Statement& row) {
  Checkpoint checkpoint;
  checkpoint.key = key;
  checkpoint.kind = row.text(0);
  checkpoint.output = VF_TRY(from_json_text<jobs::StageOutput>(row.text(1)));
  checkpoint.usage = VF_TRY(from_json_text<jobs::StageUsage>(row.text(2)));
  return checkpoint;
}

constexpr std::int64_t kTrimSteps = 100;

class SqliteCheckpointStore final : public CheckpointStore {
 public:
  explicit SqliteCheckpointStore(Database db) : db_(std::move(db)) {}

  Result<std::optional<Checkpoint>> find(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    return find_locked(key);
  }

  Result<Checkpoint> commit(const Checkpoint& checkpoint) override {
    const std::scoped_lock lock(mutex_);
    VF_CHECK(db_.transaction([&]() -> Result<void> {
      auto insert =
          VF_TRY(db_.prepare("INSERT OR IGNORE INTO checkpoints (key, kind, output, usage, created_at, used_at) VALUES "
                             "(?, ?, ?, ?, ?, ?)"));
      VF_CHECK(insert.bind(checkpoint.key)
                   .bind(checkpoint.kind)
                   .bind(dump(to_json(checkpoint.output)))
                   .bind(dump(to_json(checkpoint.usage)))
                   .bind(now())
                   .bind(now())
                   .run());
      if (db_.changes() == 0) return {};
      for (const auto& blob : checkpoint.output.blobs)
        VF_CHECK(VF_TRY(db_.prepare("INSERT OR IGNORE INTO checkpoint_blobs (key, sha256, size) VALUES (?, ?, ?)"))
                     .bind(checkpoint.key)
                     .bind(blob.sha256)
                     .bind(blob.size)
                     .run());
      return {};
    }));
    auto standing = VF_TRY(find_locked(checkpoint.key));
    return standing ? std::move(*standing) : checkpoint;
  }

  Result<void> forget(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    return VF_TRY(db_.prepare("DELETE FROM checkpoints WHERE key = ?")).bind(key).run();
  }

  Result<std::optional<std::string>> find_source(const FileIdentity& file) override {
    const std::scoped_lock lock(mutex_);
    auto row =
        VF_TRY(db_.prepare("SELECT sha256 FROM sources WHERE device = ? AND inode = ? AND size = ? AND modified_ns = ? "
                           "AND changed_ns = ?"));
    row.bind(file.device).bind(file.inode).bind(file.size).bind(file.modified_ns).bind(file.changed_ns);
    if (!VF_TRY(row.step())) return std::nullopt;
    return row.text(0);
  }

  Result<void> remember_source(const FileIdentity& file, const std::string& sha256) override {
    const std::scoped_lock lock(mutex_);
    return VF_TRY(db_.prepare("INSERT OR REPLACE INTO sources (device, inode, size, modified_ns, changed_ns, sha256) "
                              "VALUES (?, ?, ?, ?, ?, ?)"))
        .bind(file.device)
        .bind(file.inode)
        .bind(file.size)
        .bind(file.modified_ns)
        .bind(file.changed_ns)
        .bind(sha256)
        .run();
  }

  Result<CacheSummary> summary() override {
    const std::scoped_lock lock(mutex_);
    CacheSummary out;
    auto kinds =
        VF_TRY(db_.prepare("SELECT kind, count(DISTINCT c.key), coalesce(sum(size), 0) FROM checkpoints c "
                           "LEFT JOIN checkpoint_blobs b ON b.key = c.key GROUP BY kind ORDER BY 3 DESC"));
    while (VF_TRY(kinds.step())) {
      out.kinds.push_back({kinds.text(0), kinds.number(1), kinds.number(2)});
      out.checkpoints += kinds.number(1);
    }
    out.bytes = VF_TRY(stored_bytes());
    return out;
  }

  Result<std::int64_t> trim(std::int64_t max_bytes, std::int64_t spare_seconds) override {
    const std::scoped_lock lock(mutex_);
    std::int64_t forgotten = 0;
    VF_CHECK(db_.transaction([&]() -> Result<void> {
      auto all = VF_TRY(db_.prepare("SELECT COUNT(*) FROM checkpoints"));
      VF_TRY(all.step());
      // What is left is counted anew after each step, since checkpoints share blobs: small steps come near
      // the size asked for, and a large cache takes no more of them than a small one.
      const auto step = std::max<std::int64_t>(1, all.number(0) / kTrimSteps);
      // To nothing means to no checkpoint, also of those that have no blobs.
      while (max_bytes == 0 || VF_TRY(stored_bytes()) > max_bytes) {
        VF_CHECK(
            VF_TRY(db_.prepare("DELETE FROM checkpoints WHERE key IN (SELECT key FROM checkpoints WHERE used_at <= ? "
                               "ORDER BY used_at, key LIMIT ?)"))
                .bind(now() - spare_seconds)
                .bind(step)
                .run());
        if (db_.changes() == 0) break;
        forgotten += db_.changes();
      }
      return {};
    }));
    return forgotten;
  }

  Result<std::vector<std::string>> referenced_blobs() override {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> out;
    auto rows = VF_TRY(db_.prepare("SELECT DISTINCT sha256 FROM checkpoint_blobs"));
    while (VF_TRY(rows.step())) out.push_back(rows.text(0));
    return out;
  }

 private:
  Result<std::optional<Checkpoint>> find_locked(const std::string& key) {
    std::int64_t used_at = 0;
    auto checkpoint = VF_TRY(read(key, used_at));
    // Use is remembered to the minute: reading a hundred checkpoints must not be a hundred commits. It is a hint
    // for trim(), so that a full disk does not keep anybody from reading.
    if (checkpoint && now() - used_at > 60)
      if (auto use = db_.prepare("UPDATE checkpoints SET used_at = ? WHERE key = ?"); use)
        (void)use->bind(now()).bind(key).run();
    return checkpoint;
  }

  // Its statement ends here: one that is open while another writes makes a snapshot that a neighbour process may
  // have left behind, which SQLite refuses at once (SQLITE_BUSY_SNAPSHOT) instead of waiting.
  Result<std::optional<Checkpoint>> read(const std::string& key, std::int64_t& used_at) {
    auto row = VF_TRY(db_.prepare("SELECT kind, output, usage, used_at FROM checkpoints WHERE key = ?"));
    row.bind(key);
    if (!VF_TRY(row.step())) return std::nullopt;
    used_at = row.number(3);
    return VF_TRY(read_row(key, row));
  }

  Result<std::int64_t> stored_bytes() {
    auto row = VF_TRY(db_.prepare(
        "SELECT coalesce(sum(size), 0) FROM (SELECT max(size) AS size FROM checkpoint_blobs GROUP BY sha256)"));
    VF_TRY(row.step());
    return row.number(0);
  }

  std::mutex mutex_;
  Database db_;
};

}  // namespace

Result<std::unique_ptr<CheckpointStore>> open_sqlite_checkpoint_store(const std::filesystem::path& path) {
  return std::make_unique<SqliteCheckpointStore>(VF_TRY(Database::open(path)));
}

}  // namespace vf::store
