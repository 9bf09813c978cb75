#include "store/sqlite/sqlite_jobs.h"

#include "base/uuid.h"
#include "store/sqlite/video_making.h"

namespace vf::store {

Result<Job> read_job(const Statement& row) {
  Job job;
  job.id = row.text(0);
  job.kind = row.text(1);
  job.owner = row.text(2);
  job.video = row.maybe_text(3);
  job.params = VF_TRY(json_column(row, 4));
  job.priority = row.number(5);
  job.state = row.text(6);
  job.reason = row.text(7);
  job.error = VF_TRY(json_column(row, 8));
  job.result = VF_TRY(json_column(row, 9));
  job.correlation = row.text(10);
  job.progress = row.real(11);
  job.created_ms = row.number(12);
  job.started_ms = row.maybe_number(13);
  job.finished_ms = row.maybe_number(14);
  job.expires_ms = row.maybe_number(15);
  job.trace = row.text(16);
  return job;
}

Result<StageRow> read_stage(const Statement& row) {
  StageRow out;
  out.stage = VF_TRY(from_json_text<jobs::Stage>(row.text(0)));
  out.state = row.text(1);
  out.attempts = static_cast<int>(row.number(2));
  out.fraction = row.real(3);
  out.output = VF_TRY(described_column<jobs::StageOutput>(row, 4));
  out.usage = VF_TRY(described_column<jobs::StageUsage>(row, 5));
  out.error = VF_TRY(json_column(row, 6));
  out.started_ms = row.maybe_number(7);
  out.finished_ms = row.maybe_number(8);
  out.round = static_cast<int>(row.number(9));
  return out;
}

Result<std::optional<Job>> find_job(Database& db, const std::string& id) {
  auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM jobs WHERE id = ?", kJobColumns)));
  row.bind(id);
  if (!VF_TRY(row.step())) return std::nullopt;
  return std::optional(VF_TRY(read_job(row)));
}

namespace {

// Somebody who had nothing to do for long must not make up for it now at everybody's cost.
Result<void> join_the_share(Database& db, const std::string& owner) {
  VF_CHECK(VF_TRY(db.prepare("INSERT OR IGNORE INTO shares (owner, given) VALUES (?, 0)")).bind(owner).run());
  return VF_TRY(db.prepare("UPDATE shares SET given = MAX(given, COALESCE((SELECT MIN(s.given) FROM shares s WHERE "
                           "s.owner IN (SELECT owner FROM jobs WHERE state IN ('pending', 'processing') AND owner <> "
                           "?1)), 0)) WHERE owner = ?1"))
      .bind(owner)
      .run();
}

Result<void> insert_drive(Database& db, const std::string& job, int round, std::int64_t waits_for) {
  jobs::Stage stage;
  stage.id = fmt::format("drive/{}", round);
  stage.kind = "drive";
  return VF_TRY(db.prepare("INSERT INTO stages (job, id, kind, grp, round, stage, state, light, priority, cpu_seconds, "
                           "memory_bytes, waits_for) VALUES (?, ?, 'drive', '', ?, ?, ?, 1, 0, 0, 0, ?)"))
      .bind(job)
      .bind(stage.id)
      .bind(round)
      .bind(dump(to_json(stage)))
      .bind(waits_for == 0 ? "ready" : "blocked")
      .bind(waits_for)
      .run();
}

}  // namespace

Result<Job> insert_job(Database& db, const NewJob& wanted, std::int64_t now) {
  if (!wanted.id.empty())
    if (auto standing = VF_TRY(find_job(db, wanted.id)); standing && standing->owner == wanted.owner) return *standing;
  Job job;
  job.id = wanted.id.empty() ? make_uuid() : wanted.id;
  job.kind = wanted.kind;
  job.owner = wanted.owner;
  job.video = wanted.video;
  job.params = wanted.params;
  job.priority = wanted.priority;
  job.state = "pending";
  job.correlation = wanted.correlation;
  job.trace = wanted.trace;
  job.created_ms = now;
  VF_CHECK(VF_TRY(db.prepare("INSERT INTO jobs (id, kind, owner, video, params, priority, state, correlation, "
                             "created_at, trace) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)"))
               .bind(job.id)
               .bind(job.kind)
               .bind(job.owner)
               .bind(job.video)
               .bind(dump(job.params))
               .bind(job.priority)
               .bind(job.correlation)
               .bind(now)
               .bind(job.trace)
               .run());
  VF_CHECK(join_the_share(db, job.owner));
  VF_CHECK(insert_drive(db, job.id, 0, 0));
  VF_CHECK(append_event(db, Subject::job, job.id, job.owner, "state", json::object{{"state", "pending"}}, now));
  return job;
}

Result<void> stop_job(Database& db, const Job& job, const json::value& error, std::int64_t now) {
  const std::string state = error.is_null() ? "cancelled" : "failed";
  VF_CHECK(VF_TRY(db.prepare("UPDATE jobs SET state = ?, reason = NULL, error = ?, finished_at = ? WHERE id = ?"))
               .bind(state)
               .bind(json_text(error))
               .bind(now)
               .bind(job.id)
               .run());
  // Blocked: no worker takes it, and whoever still runs one finds its token void.
  VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET state = 'blocked', worker = NULL, fraction = 0 WHERE job = ? AND state "
                             "IN ('ready', 'running')"))
               .bind(job.id)
               .run());
  VF_CHECK(stop_making(db, job, error, now));
  if (error.is_null())
    return append_event(db, Subject::job, job.id, job.owner, "state", json::object{{"state", state}}, now);
  return append_event(db, Subject::job, job.id, job.owner, "error", error, now);
}

Result<Job> SqliteJobStore::create(const NewJob& job) {
  return pool_.write([&](Database& db) -> Result<Job> {
    auto made = VF_TRY(insert_job(db, job, now_()));
    VF_CHECK(make_anew(db, made, now_()));
    return made;
  });
}

Result<std::optional<Job>> SqliteJobStore::find(const std::string& id) {
  return pool_.read([&](Database& db) { return find_job(db, id); });
}

Result<Page<Job>> SqliteJobStore::list(const JobFilter& filter, int limit, const std::optional<Cursor>& from) {
  return pool_.read([&](Database& db) -> Result<Page<Job>> {
    std::string where = "1";
    std::vector<std::string> values;
    const auto add = [&](std::string_view column, const std::string& value) {
      if (value.empty()) return;
      where += fmt::format(" AND {} = ?", column);
      values.push_back(value);
    };
    add("owner", filter.owner);
    add("state", filter.state);
    add("kind", filter.kind);
    add("video", filter.video);
    if (from) where += " AND (created_at, id) < (?, ?)";
    auto rows = VF_TRY(db.prepare(
        fmt::format("SELECT {} FROM jobs WHERE {} ORDER BY created_at DESC, id DESC LIMIT ?", kJobColumns, where)));
    for (const auto& value : values) rows.bind(value);
    if (from) rows.bind(from->at_ms).bind(from->id);
    rows.bind(limit + 1);
    Page<Job> page;
    while (VF_TRY(rows.step())) page.items.push_back(VF_TRY(read_job(rows)));
    if (page.items.size() > static_cast<std::size_t>(limit)) {
      page.items.pop_back();
      page.next = Cursor{page.items.back().created_ms, page.items.back().id};
    }
    return page;
  });
}

Result<std::vector<StageRow>> SqliteJobStore::stages(const std::string& job) {
  return pool_.read([&](Database& db) -> Result<std::vector<StageRow>> {
    auto rows =
        VF_TRY(db.prepare(fmt::format("SELECT {} FROM stages WHERE job = ? ORDER BY round, id", kStageColumns)));
    rows.bind(job);
    std::vector<StageRow> out;
    while (VF_TRY(rows.step())) out.push_back(VF_TRY(read_stage(rows)));
    return out;
  });
}

Result<std::map<std::string, jobs::StageOutput>> SqliteJobStore::outputs(const std::string& job, int round,
                                                                         const std::vector<std::string>& stages) {
  return pool_.read([&](Database& db) -> Result<std::map<std::string, jobs::StageOutput>> {
    std::map<std::string, jobs::StageOutput> out;
    for (const auto& id : stages) {
      auto row =
          VF_TRY(db.prepare("SELECT output FROM stages WHERE job = ? AND round = ? AND id = ? AND output IS NOT "
                            "NULL"));
      row.bind(job).bind(round).bind(id);
      if (VF_TRY(row.step())) out.emplace(id, VF_TRY(from_json_text<jobs::StageOutput>(row.text(0))));
    }
    return out;
  });
}

Result<bool> SqliteJobStore::cancel(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    const auto job = VF_TRY(find_job(db, id));
    if (!job || job->state == "completed" || job->state == "failed" || job->state == "cancelled") return false;
    VF_CHECK(stop_job(db, *job, nullptr, now_()));
    return true;
  });
}

Result<bool> SqliteJobStore::retry(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    const auto job = VF_TRY(find_job(db, id));
    if (!job || (job->state != "failed" && job->state != "cancelled")) return false;
    VF_CHECK(VF_TRY(db.prepare("UPDATE jobs SET state = 'pending', error = NULL, finished_at = NULL WHERE id = ?"))
                 .bind(id)
                 .run());
    VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET state = CASE WHEN waits_for = 0 THEN 'ready' ELSE 'blocked' END, "
                               "attempts = 0, not_before = 0, error = NULL WHERE job = ? AND state IN ('blocked', "
                               "'failed')"))
                 .bind(id)
                 .run());
    VF_CHECK(take_up_making(db, *job, now_()));
    VF_CHECK(join_the_share(db, job->owner));
    VF_CHECK(append_event(db, Subject::job, id, job->owner, "state", json::object{{"state", "pending"}}, now_()));
    return true;
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> SqliteJobStore::count_by_state() {
  return pool_.read([](Database& db) -> Result<std::vector<std::pair<std::string, std::int64_t>>> {
    auto rows = VF_TRY(db.prepare("SELECT state, COUNT(*) FROM jobs GROUP BY state"));
    std::vector<std::pair<std::string, std::int64_t>> out;
    while (VF_TRY(rows.step())) out.emplace_back(rows.text(0), rows.number(1));
    return out;
  });
}

Result<std::vector<StageCount>> SqliteJobStore::count_stages() {
  return pool_.read([](Database& db) -> Result<std::vector<StageCount>> {
    auto rows =
        VF_TRY(db.prepare("SELECT s.kind, s.state, COUNT(*) FROM jobs j JOIN stages s ON s.job = j.id WHERE j.state IN "
                          "('pending', 'processing', 'paused') GROUP BY s.kind, s.state"));
    std::vector<StageCount> out;
    while (VF_TRY(rows.step())) out.push_back({rows.text(0), rows.text(1), rows.number(2)});
    return out;
  });
}

Result<std::vector<std::string>> SqliteJobStore::expired(std::int64_t now_ms, int limit) {
  return pool_.read([&](Database& db) -> Result<std::vector<std::string>> {
    auto rows = VF_TRY(db.prepare("SELECT id FROM jobs WHERE expires_at <= ? LIMIT ?"));
    rows.bind(now_ms).bind(limit);
    return texts(std::move(rows));
  });
}

Result<bool> SqliteJobStore::remove(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    VF_CHECK(remove_files(db, id));
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM events WHERE subject = ?")).bind(id).run());
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM jobs WHERE id = ?")).bind(id).run());
    return db.changes() > 0;
  });
}

}  // namespace vf::store
