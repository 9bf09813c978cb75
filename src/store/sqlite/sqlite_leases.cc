// The workers' side of SqliteJobStore: leases, heartbeats, and how stages and jobs end.
#include <cmath>
#include <map>
#include <set>

#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_videos.h"

namespace vf::store {
namespace {

// Stages that one lease runs together, at most.
constexpr int kMaxGroup = 32;

struct Held {
  Job job;
  int round = 0;
  std::set<std::string> stages;
};

// What a token still holds; empty where it is void.
Result<std::optional<Held>> held(Database& db, std::int64_t token) {
  auto rows = VF_TRY(db.prepare("SELECT job, round, id FROM stages WHERE token = ? AND state = 'running'"));
  rows.bind(token);
  std::optional<Held> out;
  std::string id;
  while (VF_TRY(rows.step())) {
    if (!out) out.emplace();
    id = rows.text(0);
    out->round = static_cast<int>(rows.number(1));
    out->stages.insert(rows.text(2));
  }
  if (!out) return out;
  auto job = VF_TRY(find_job(db, id));
  if (!job) return std::nullopt;
  out->job = std::move(*job);
  return out;
}

// Runs `work(db, held)` where the token is valid.
template <typename Work>
Result<bool> under_token(SqlitePool& pool, std::int64_t token, Work&& work) {
  return pool.write([&](Database& db) -> Result<bool> {
    const auto lease = VF_TRY(held(db, token));
    if (!lease) return false;
    return work(db, *lease);
  });
}

// Progress of the round's stages, weighted by what they are expected to cost.
Result<void> update_progress(Database& db, const std::string& job) {
  return VF_TRY(db.prepare(
                    "UPDATE jobs SET progress = MAX(progress, round_from + (round_to - round_from) * COALESCE((SELECT "
                    "SUM((s.cpu_seconds + 0.001) * CASE WHEN s.state IN ('done', 'skipped') THEN 1.0 ELSE s.fraction "
                    "END) / SUM(s.cpu_seconds + 0.001) FROM stages s WHERE s.job = jobs.id AND s.round = jobs.round "
                    "AND s.kind <> 'drive'), 0)) WHERE id = ?"))
      .bind(job)
      .run();
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

json::object error_object(const Error& error, const std::string& stage) {
  return {{"code", to_string(error.code)},
          {"detail", error.message},
          {"stage", stage},
          {"recoverable", is_retryable(error.code)}};
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
Result<void> start_job(Database& db, Job& job, std::string_view from, std::int64_t now) {
  if (job.state != from) return {};
  job.state = "processing";
  if (!job.started_ms) job.started_ms = now;
  VF_CHECK(
      VF_TRY(db.prepare("UPDATE jobs SET state = 'processing', reason = NULL, started_at = COALESCE(started_at, ?) "
                        "WHERE id = ?"))
          .bind(now)
          .bind(job.id)
          .run());
  return append_event(db, Subject::job, job.id, job.owner, "state", json::object{{"state", "processing"}}, now);
}

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

Result<void> return_stages(Database& db, std::int64_t token, std::int64_t not_before, bool counts,
                           const std::optional<std::string>& error) {
  return VF_TRY(db.prepare("UPDATE stages SET state = 'ready', worker = NULL, fraction = 0, not_before = ?, attempts = "
                           "attempts - ?, error = ? WHERE token = ? AND state = 'running'"))
      .bind(not_before)
      .bind(counts ? 0 : 1)
      .bind(error)
      .bind(token)
      .run();
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

namespace {

// Whether another job that began earlier still makes this video: files of two sets must not mix.
Result<bool> is_second(Database& db, const Job& job) {
  auto other =
      VF_TRY(db.prepare("SELECT 1 FROM jobs WHERE video = ?1 AND kind = ?2 AND id <> ?3 AND state IN ('pending', "
                        "'processing', 'paused') AND (created_at < ?4 OR (created_at = ?4 AND id < ?3))"));
  other.bind(*job.video).bind(job.kind).bind(job.id).bind(job.created_ms);
  return other.step();
}

// Files of a video whose job still runs. Those of an earlier set stay until the new one is proven.
Result<void> show_early(Database& db, const Job& job, const std::vector<FileRow>& files, double seconds,
                        std::int64_t now) {
  if (files.empty() || !job.video || VF_TRY(is_second(db, job))) return {};
  auto video = VF_TRY(db.prepare("SELECT state FROM videos WHERE id = ?"));
  video.bind(*job.video);
  if (!VF_TRY(video.step())) return {};
  const auto state = video.text(0);
  if (state != "processing" && state != "playable") return {};
  VF_CHECK(put_files(db, *job.video, files));
  VF_CHECK(VF_TRY(db.prepare("UPDATE videos SET state = 'playable', updated_at = ? WHERE id = ?"))
               .bind(now)
               .bind(*job.video)
               .run());
  if (state == "processing")
    VF_CHECK(
        append_event(db, Subject::video, *job.video, job.owner, "state", json::object{{"state", "playable"}}, now));
  // Who keeps manifests in a cache goes by this one as well.
  json::object grown;
  if (seconds > 0) grown["playableSeconds"] = std::round(seconds * 1000) / 1000;
  return append_event(db, Subject::video, *job.video, job.owner, "grown", grown, now);
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

namespace {

Result<void> note_facts(Database& db, const std::string& video, const VideoFacts& facts, std::int64_t now) {
  VF_CHECK(
      VF_TRY(db.prepare("UPDATE videos SET info = ?, duration_ms = ?, width = ?, height = ?, updated_at = ? WHERE id "
                        "= ?"))
          .bind(json_text(facts.info))
          .bind(facts.duration_ms)
          .bind(facts.width)
          .bind(facts.height)
          .bind(now)
          .bind(video)
          .run());
  return note_change(db, video, now);
}

}  // namespace

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

namespace {

// What was shown early stays for those who watch it (forget_heads() ends it); everything else is replaced.
Result<void> publish_to_video(Database& db, const Job& job, const Finished& finished, std::int64_t now) {
  const auto heads = VF_TRY(heads_of(db, *job.video));
  VF_CHECK(remove_files(db, *job.video));
  VF_CHECK(put_files(db, *job.video, heads));
  auto source = VF_TRY(db.prepare("SELECT source_sha256, source_size FROM videos WHERE id = ?"));
  source.bind(*job.video);
  if (!VF_TRY(source.step())) return {};
  if (!source.null(0)) VF_CHECK(refer(db, *job.video, source.text(0), source.number(1)));
  VF_CHECK(source.run());
  VF_CHECK(put_files(db, *job.video, finished.files));
  VF_CHECK(VF_TRY(db.prepare("UPDATE videos SET state = 'ready', error = NULL, updated_at = ? WHERE id = ?"))
               .bind(now)
               .bind(*job.video)
               .run());
  return append_event(db, Subject::video, *job.video, job.owner, "state", json::object{{"state", "ready"}}, now);
}

// An import gave the video its bytes.
Result<void> take_source(Database& db, const Job& job, const jobs::BlobRef& source, std::int64_t now) {
  VF_CHECK(
      VF_TRY(db.prepare("UPDATE videos SET source_sha256 = ?, source_size = ?, state = 'processing', updated_at = ? "
                        "WHERE id = ?"))
          .bind(source.sha256)
          .bind(source.size)
          .bind(now)
          .bind(*job.video)
          .run());
  VF_CHECK(refer(db, *job.video, source.sha256, source.size));
  return append_event(db, Subject::video, *job.video, job.owner, "state", json::object{{"state", "processing"}}, now);
}

}  // namespace

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
