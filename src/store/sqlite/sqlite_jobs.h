// store::JobStore over SQLite. The client's side stands in sqlite_jobs.cc, the workers' in sqlite_leases.cc.
#pragma once

#include "store/jobs.h"
#include "store/sqlite/pool.h"
#include "store/sqlite/rows.h"

namespace vf::store {

class SqliteJobStore : public JobStore {
 public:
  explicit SqliteJobStore(SqlitePool& pool, WallClock now = wall_clock_ms) : pool_(pool), now_(std::move(now)) {}

  Result<Job> create(const NewJob& job) override;
  Result<std::optional<Job>> find(const std::string& id) override;
  Result<Page<Job>> list(const JobFilter& filter, int limit, const std::optional<Cursor>& from) override;
  Result<std::vector<StageRow>> stages(const std::string& job) override;
  Result<std::map<std::string, jobs::StageOutput>> outputs(const std::string& job, int round,
                                                           const std::vector<std::string>& stages) override;
  Result<bool> cancel(const std::string& job) override;
  Result<bool> retry(const std::string& job) override;
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_by_state() override;
  Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) override;
  Result<bool> remove(const std::string& job) override;

  Result<void> register_worker(const WorkerRow& worker) override;
  Result<void> remove_worker(const std::string& worker) override;
  Result<void> lose_worker(const std::string& worker, int max_losses) override;
  Result<std::vector<WorkerRow>> workers() override;
  Result<std::optional<Lease>> lease(const std::string& worker, const Capacity& capacity) override;
  Result<std::optional<std::vector<std::int64_t>>> beat(const std::string& worker,
                                                        const std::vector<Beat>& leases) override;
  Result<bool> complete(std::int64_t token, const std::vector<StageDone>& done) override;
  Result<bool> extend(std::int64_t token, const Extension& extension) override;
  Result<bool> finish(std::int64_t token, const Finished& finished) override;
  Result<bool> put_back(std::int64_t token, const Error& error, std::int64_t delay_ms, bool counts) override;
  Result<bool> fail(std::int64_t token, const Error& error) override;
  Result<QueueFigures> figures() override;
  Result<std::vector<StageCount>> count_stages() override;

 private:
  SqlitePool& pool_;
  WallClock now_;
};

// --- what the two files share; all inside the caller's transaction ---

inline constexpr const char* kJobColumns =
    "id, kind, owner, video, params, priority, state, reason, error, result, correlation, progress, created_at, "
    "started_at, finished_at, expires_at, trace";
inline constexpr const char* kStageColumns =
    "stage, state, attempts, fraction, output, usage, error, started_at, finished_at, round";

Result<Job> read_job(const Statement& row);
Result<StageRow> read_stage(const Statement& row);
Result<std::optional<Job>> find_job(Database& db, const std::string& id);

// Inserts a job with its first stage and its first event.
Result<Job> insert_job(Database& db, const NewJob& job, std::int64_t now);

// Ends a job that did not complete: nothing of it runs or becomes ready. `error` null: cancelled.
Result<void> stop_job(Database& db, const Job& job, const json::value& error, std::int64_t now);

}  // namespace vf::store
