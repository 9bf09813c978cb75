// The workers' side of SqliteJobStore: what came of stages, and how jobs end by it.
#include <set>

#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_stages.h"
#include "store/sqlite/sqlite_videos.h"
#include "store/sqlite/video_making.h"

namespace vf::store {
namespace {

// Runs `work(db, held)` where the token is valid.
template <typename Work>
Result<bool> under_token(SqlitePool& pool, std::int64_t token, Work&& work) {
  return pool.write([&](Database& db) -> Result<bool> {
    const auto lease = VF_TRY(held(db, token));
    if (!lease) return false;
    return work(db, *lease);
  });
}

Result<void> release_dependents(Database& db, const std::string& job, int round, const std::string& done) {
  VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET waits_for = waits_for - 1 WHERE job = ?1 AND round = ?2 AND (id IN "
                             "(SELECT stage FROM stage_inputs WHERE job = ?1 AND round = ?2 AND input = ?3) OR kind = "
                             "'drive')"))
               .bind(job)
               .bind(round)
               .bind(done)
               .run());
  return VF_TRY(db.prepare("UPDATE stages SET state = 'ready' WHERE job = ? AND round = ? AND state = 'blocked' AND "
                           "waits_for = 0"))
      .bind(job)
      .bind(round)
      .run();
}

// What runs or waits for a worker now; null before the next step of the plan is known.
Result<json::value> next_stage_of(Database& db, const Held& lease) {
  auto row =
      VF_TRY(db.prepare("SELECT id FROM stages WHERE job = ? AND round = ? AND kind <> 'drive' AND state IN "
                        "('running', 'ready') ORDER BY state = 'running' DESC, priority DESC, id LIMIT 1"));
  row.bind(lease.job.id).bind(lease.round);
  return VF_TRY(row.step()) ? json::value(row.text(0)) : json::value(nullptr);
}

Result<void> mark_done(Database& db, const Held& lease, const StageDone& done, std::int64_t now) {
  VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET state = ?, output = ?, usage = ?, fraction = 1, worker = NULL, error = "
                             "NULL, finished_at = ? WHERE job = ? AND round = ? AND id = ?"))
               .bind(done.reused ? "skipped" : "done")
               .bind(dump(to_json(done.output)))
               .bind(dump(to_json(done.usage)))
               .bind(now)
               .bind(lease.job.id)
               .bind(lease.round)
               .bind(done.id)
               .run());
  VF_CHECK(release_dependents(db, lease.job.id, lease.round, done.id));
  return append_event(
      db, Subject::job, lease.job.id, lease.job.owner, "stage-complete",
      json::object{{"stage", done.id}, {"nextStage", VF_TRY(next_stage_of(db, lease))}, {"reused", done.reused}}, now);
}

Result<void> insert_stage(Database& db, const std::string& job, int round, const jobs::Stage& stage) {
  std::set<std::string> inputs;
  for (const auto& input : stage.inputs)
    if (!input.stage.empty()) inputs.insert(input.stage);
  // What takes moments must not wait behind what takes minutes.
  const bool light = stage.cost.cpu_seconds < 1;
  VF_CHECK(VF_TRY(db.prepare("INSERT INTO stages (job, id, kind, grp, round, stage, state, light, priority, "
                             "cpu_seconds, memory_bytes, waits_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"))
               .bind(job)
               .bind(stage.id)
               .bind(stage.kind)
               .bind(stage.group)
               .bind(round)
               .bind(dump(to_json(stage)))
               .bind(inputs.empty() ? "ready" : "blocked")
               .bind(light ? 1 : 0)
               .bind(stage.priority)
               .bind(stage.cost.cpu_seconds)
               .bind(stage.cost.memory_bytes)
               .bind(inputs.size())
               .run());
  for (const auto& input : inputs)
    VF_CHECK(VF_TRY(db.prepare("INSERT INTO stage_inputs (job, round, input, stage) VALUES (?, ?, ?, ?)"))
                 .bind(job)
                 .bind(round)
                 .bind(input)
                 .bind(stage.id)
                 .run());
  return {};
}

Result<void> insert_next_drive(Database& db, const std::string& job, int round, std::size_t waits_for) {
  jobs::Stage drive;
  drive.id = fmt::format("drive/{}", round);
  drive.kind = "drive";
  drive.cost = {0, 0, 0};
  VF_CHECK(insert_stage(db, job, round, drive));
  if (waits_for == 0) return {};
  return VF_TRY(db.prepare("UPDATE stages SET waits_for = ?, state = 'blocked' WHERE job = ? AND round = ? AND id = ?"))
      .bind(waits_for)
      .bind(job)
      .bind(round)
      .bind(drive.id)
      .run();
}

}  // namespace

Result<bool> SqliteJobStore::complete(std::int64_t token, const std::vector<StageDone>& done) {
  return under_token(pool_, token, [&](Database& db, const Held& lease) -> Result<bool> {
    for (const auto& one : done) {
      if (!lease.stages.contains(one.id)) return false;
      VF_CHECK(mark_done(db, lease, one, now_()));
      VF_CHECK(show_early(db, lease.job, one.shown, one.shown_seconds, now_()));
    }
    auto job = lease.job;
    VF_CHECK(start_job(db, job, "paused", now_()));
    VF_CHECK(update_progress(db, job.id));
    return true;
  });
}

Result<bool> SqliteJobStore::extend(std::int64_t token, const Extension& extension) {
  return under_token(pool_, token, [&](Database& db, const Held& lease) -> Result<bool> {
    const int round = lease.round + 1;
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE jobs SET round = ?, round_from = progress, round_to = MAX(progress, ?), sources = "
                          "? WHERE id = ?"))
            .bind(round)
            .bind(extension.progress_to)
            .bind(dump(to_json(extension.sources)))
            .bind(lease.job.id)
            .run());
    for (const auto& stage : extension.stages) VF_CHECK(insert_stage(db, lease.job.id, round, stage));
    VF_CHECK(insert_next_drive(db, lease.job.id, round, extension.stages.size()));
    if (extension.facts && lease.job.video) VF_CHECK(note_facts(db, *lease.job.video, *extension.facts, now_()));
    VF_CHECK(show_early(db, lease.job, extension.shown, 0, now_()));
    VF_CHECK(VF_TRY(db.prepare("UPDATE stages SET state = 'done', worker = NULL, finished_at = ? WHERE token = ? AND "
                               "state = 'running'"))
                 .bind(now_())
                 .bind(token)
                 .run());
    return true;
  });
}

Result<bool> SqliteJobStore::finish(std::int64_t token, const Finished& finished) {
  return under_token(pool_, token, [&](Database& db, const Held& lease) -> Result<bool> {
    const auto& job = lease.job;
    if (finished.for_video && job.video)
      VF_CHECK(publish_to_video(db, job, finished, now_()));
    else
      VF_CHECK(put_files(db, job.id, finished.files));
    if (finished.facts && job.video) VF_CHECK(note_facts(db, *job.video, *finished.facts, now_()));
    if (finished.source && job.video) VF_CHECK(take_source(db, job, *finished.source, now_()));
    if (finished.next) {
      auto next = *finished.next;
      next.video = job.video;
      VF_CHECK(insert_job(db, next, now_()));
    }
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE jobs SET state = 'completed', progress = 1, result = ?, finished_at = ?, expires_at "
                          "= ? WHERE id = ?"))
            .bind(json_text(finished.result))
            .bind(now_())
            .bind(finished.expires_ms)
            .bind(job.id)
            .run());
    // What the stages left is named by the files now, or by checkpoints that may be forgotten.
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE stages SET output = NULL, state = CASE state WHEN 'running' THEN 'done' ELSE state "
                          "END, worker = NULL WHERE job = ?"))
            .bind(job.id)
            .run());
    json::object data{{"jobId", job.id}};
    if (job.video) data["videoId"] = *job.video;
    VF_CHECK(append_event(db, Subject::job, job.id, job.owner, "done", data, now_()));
    return true;
  });
}

Result<bool> SqliteJobStore::put_back(std::int64_t token, const Error& error, std::int64_t delay_ms, bool counts) {
  return under_token(pool_, token, [&](Database& db, const Held& lease) -> Result<bool> {
    const auto stage = *lease.stages.begin();
    const auto data = error_object(error, stage);
    VF_CHECK(return_stages(db, token, now_() + delay_ms, counts, dump(data)));
    if (!counts) {
      VF_CHECK(VF_TRY(db.prepare("UPDATE jobs SET state = 'paused', reason = ? WHERE id = ? AND state = 'processing'"))
                   .bind(error.message)
                   .bind(lease.job.id)
                   .run());
      // Told once, not at every try.
      if (db.changes() == 0 || lease.job.reason == error.message) return true;
    }
    VF_CHECK(append_event(db, Subject::job, lease.job.id, lease.job.owner, "warning", data, now_()));
    return true;
  });
}

Result<bool> SqliteJobStore::fail(std::int64_t token, const Error& error) {
  return under_token(pool_, token, [&](Database& db, const Held& lease) -> Result<bool> {
    const auto stage = *lease.stages.begin();
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE stages SET state = 'failed', worker = NULL, error = ?, finished_at = ? WHERE token "
                          "= ? AND state = 'running'"))
            .bind(dump(error_object(error, stage)))
            .bind(now_())
            .bind(token)
            .run());
    VF_CHECK(stop_job(db, lease.job, error_object(error, stage), now_()));
    return true;
  });
}

}  // namespace vf::store
