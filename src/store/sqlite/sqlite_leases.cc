// The workers' side of SqliteJobStore: who runs what, and who is still there.
#include <map>

#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_stages.h"

namespace vf::store {
namespace {

// Stages that one lease runs together, at most.
constexpr int kMaxGroup = 32;

struct Candidate {
  std::string job;
  int round = 0;
  std::string id;
  std::string kind;
  std::string group;
  bool light = false;
};

// Priority 100 goes before everybody; below, it orders the jobs of one owner.
constexpr const char* kNextStage =
    "SELECT s.job, s.round, s.id, s.kind, s.grp, s.light FROM stages s JOIN jobs j ON j.id = s.job LEFT JOIN shares sh "
    "ON sh.owner = j.owner WHERE s.state = 'ready' AND s.not_before <= ?1 AND s.light = ?2 AND s.memory_bytes <= ?3 "
    "ORDER BY j.priority >= 100 DESC, COALESCE(sh.given, 0), j.priority DESC, j.created_at, j.id, s.priority DESC, "
    "s.cpu_seconds DESC LIMIT 1";

Result<std::optional<Candidate>> next_stage(Database& db, bool light, std::int64_t memory, std::int64_t now) {
  auto row = VF_TRY(db.prepare(kNextStage));
  row.bind(now).bind(light ? 1 : 0).bind(memory);
  if (!VF_TRY(row.step())) return std::nullopt;
  return Candidate{row.text(0),       static_cast<int>(row.number(1)), row.text(2), row.text(3), row.text(4),
                   row.number(5) != 0};
}

// The candidate and what shares its execution, as far as the memory goes.
Result<std::vector<StageRow>> group_of(Database& db, const Candidate& lead, std::int64_t memory, std::int64_t now) {
  auto rows =
      VF_TRY(db.prepare(fmt::format("SELECT {} FROM stages WHERE job = ?1 AND round = ?2 AND state = 'ready' AND "
                                    "not_before <= ?3 AND (id = ?4 OR (?5 "
                                    "<> '' AND grp = ?5 AND kind = ?6)) ORDER BY id <> ?4, cpu_seconds DESC LIMIT ?7",
                                    kStageColumns)));
  rows.bind(lead.job).bind(lead.round).bind(now).bind(lead.id).bind(lead.group).bind(lead.kind).bind(kMaxGroup);
  std::vector<StageRow> out;
  while (VF_TRY(rows.step())) {
    auto stage = VF_TRY(read_stage(rows));
    if (!out.empty() && stage.stage.cost.memory_bytes > memory) continue;
    memory -= stage.stage.cost.memory_bytes;
    out.push_back(std::move(stage));
  }
  return out;
}

Result<std::int64_t> new_token(Database& db) {
  auto row = VF_TRY(db.prepare("UPDATE counters SET value = value + 1 WHERE name = 'lease' RETURNING value"));
  VF_TRY(row.step());
  const auto token = row.number(0);
  VF_CHECK(row.run());
  return token;
}

// A paused job stays so until a stage of it went through: it may have to wait again at once.
Result<std::optional<Lease>> take(Database& db, const std::string& worker, const Candidate& lead, std::int64_t memory,
                                  std::int64_t now) {
  Lease lease;
  lease.round = lead.round;
  lease.light = lead.light;
  lease.stages = VF_TRY(group_of(db, lead, memory, now));
  lease.token = VF_TRY(new_token(db));
  auto job = VF_TRY(find_job(db, lead.job));
  if (!job) return std::nullopt;
  lease.job = std::move(*job);
  auto sources = VF_TRY(db.prepare("SELECT sources FROM jobs WHERE id = ?"));
  sources.bind(lead.job);
  VF_TRY(sources.step());
  lease.sources = VF_TRY((from_json_text<std::map<std::string, jobs::BlobRef>>(sources.text(0))));
  VF_CHECK(start_job(db, lease.job, "pending", now));
  double cost = 0.01;
  for (auto& stage : lease.stages) {
    cost += stage.stage.cost.cpu_seconds;
    ++stage.attempts;
    VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET state = 'running', token = ?, worker = ?, attempts = attempts + 1, "
                               "fraction = 0, started_at = ? WHERE job = ? AND round = ? AND id = ?"))
                 .bind(lease.token)
                 .bind(worker)
                 .bind(now)
                 .bind(lead.job)
                 .bind(lead.round)
                 .bind(stage.stage.id)
                 .run());
  }
  VF_CHECK(
      VF_TRY(db.prepare("UPDATE shares SET given = given + ? WHERE owner = ?")).bind(cost).bind(lease.job.owner).run());
  return std::optional(std::move(lease));
}

Result<std::vector<std::int64_t>> tokens_of(Database& db, const std::string& worker) {
  auto rows = VF_TRY(db.prepare("SELECT DISTINCT token FROM stages WHERE worker = ? AND state = 'running'"));
  rows.bind(worker);
  std::vector<std::int64_t> out;
  while (VF_TRY(rows.step())) out.push_back(rows.number(0));
  return out;
}

// 0.5 s after the first loss, a minute at most.
std::int64_t pause_after(std::int64_t losses) {
  return std::min<std::int64_t>(60'000, 250LL << std::min<std::int64_t>(losses, 8));
}

Result<void> forget_worker(Database& db, const std::string& worker) {
  return VF_TRY(db.prepare("DELETE FROM workers WHERE id = ?")).bind(worker).run();
}

}  // namespace

Result<void> SqliteJobStore::register_worker(const WorkerRow& worker) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(
               db.prepare("INSERT INTO workers (id, host, pid, slots, beat, started_at, seen_at) VALUES (?, ?, ?, ?, "
                          "0, ?, ?)"))
        .bind(worker.id)
        .bind(worker.host)
        .bind(worker.pid)
        .bind(worker.slots)
        .bind(now_())
        .bind(now_())
        .run();
  });
}

Result<void> SqliteJobStore::remove_worker(const std::string& worker) {
  return pool_.write([&](Database& db) -> Result<void> {
    for (const auto token : VF_TRY(tokens_of(db, worker))) VF_CHECK(return_stages(db, token, 0, false, std::nullopt));
    return forget_worker(db, worker);
  });
}

Result<void> SqliteJobStore::lose_worker(const std::string& worker, int max_losses) {
  return pool_.write([&](Database& db) -> Result<void> {
    for (const auto token : VF_TRY(tokens_of(db, worker))) {
      const auto lease = VF_TRY(held(db, token));
      if (!lease) continue;
      auto most = VF_TRY(db.prepare("SELECT MAX(attempts), MIN(id) FROM stages WHERE token = ? AND state = 'running'"));
      most.bind(token);
      VF_TRY(most.step());
      const auto losses = most.number(0);
      const bool hopeless = losses >= max_losses;
      const auto stage = most.text(1);
      VF_CHECK(most.run());
      const Error error{
          ErrorCode::internal,
          fmt::format("The worker ended {} times while it ran this job, so the job was set aside. Look at "
                      "the worker's log before you retry it.",
                      max_losses),
          {}};
      if (hopeless)
        VF_CHECK(stop_job(db, lease->job, error_object(error, stage), now_()));
      else
        VF_CHECK(return_stages(db, token, now_() + pause_after(losses), true, std::nullopt));
    }
    return forget_worker(db, worker);
  });
}

Result<std::vector<WorkerRow>> SqliteJobStore::workers() {
  return pool_.read([](Database& db) -> Result<std::vector<WorkerRow>> {
    auto rows =
        VF_TRY(db.prepare("SELECT id, host, pid, slots, beat, started_at, seen_at, (SELECT COUNT(DISTINCT token) "
                          "FROM stages WHERE worker = workers.id AND state = 'running') FROM workers"));
    std::vector<WorkerRow> out;
    while (VF_TRY(rows.step()))
      out.push_back({rows.text(0), rows.text(1), rows.number(2), static_cast<int>(rows.number(3)), rows.number(4),
                     rows.number(5), rows.number(6), static_cast<int>(rows.number(7))});
    return out;
  });
}

Result<std::optional<Lease>> SqliteJobStore::lease(const std::string& worker, const Capacity& capacity) {
  // Asked in a read first: an idle worker must not take the writer's place to find nothing.
  const auto look = [&](Database& db) -> Result<std::optional<Candidate>> {
    if (capacity.light)
      if (auto found = VF_TRY(next_stage(db, true, INT64_MAX, now_()))) return found;
    if (capacity.heavy) return next_stage(db, false, capacity.memory_bytes, now_());
    return std::nullopt;
  };
  if (!VF_TRY(pool_.read(look))) return std::nullopt;
  return pool_.write([&](Database& db) -> Result<std::optional<Lease>> {
    const auto lead = VF_TRY(look(db));
    if (!lead) return std::nullopt;
    return take(db, worker, *lead, lead->light ? INT64_MAX : capacity.memory_bytes, now_());
  });
}

Result<std::optional<std::vector<std::int64_t>>> SqliteJobStore::beat(const std::string& worker,
                                                                      const std::vector<Beat>& leases) {
  using Lost = std::optional<std::vector<std::int64_t>>;
  return pool_.write([&](Database& db) -> Result<Lost> {
    VF_CHECK(VF_TRY(db.prepare("UPDATE workers SET beat = beat + 1, seen_at = ? WHERE id = ?"))
                 .bind(now_())
                 .bind(worker)
                 .run());
    if (db.changes() == 0) return Lost();
    std::vector<std::int64_t> lost;
    for (const auto& lease : leases) {
      const auto still = VF_TRY(held(db, lease.token));
      if (!still) {
        lost.push_back(lease.token);
        continue;
      }
      VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET fraction = MAX(fraction, ?) WHERE token = ? AND state = 'running'"))
                   .bind(lease.fraction)
                   .bind(lease.token)
                   .run());
      VF_CHECK(update_progress(db, still->job.id));
    }
    return Lost(std::move(lost));
  });
}

Result<QueueFigures> SqliteJobStore::figures() {
  return pool_.read([&](Database& db) -> Result<QueueFigures> {
    auto row =
        VF_TRY(db.prepare("SELECT (SELECT COUNT(*) FROM stages WHERE state = 'ready'), (SELECT COUNT(DISTINCT "
                          "token) FROM stages WHERE state = 'running'), (SELECT MIN(created_at) FROM jobs WHERE "
                          "state = 'pending')"));
    VF_TRY(row.step());
    return QueueFigures{row.number(0), row.number(1), row.null(2) ? 0 : now_() - row.number(2)};
  });
}

}  // namespace vf::store
