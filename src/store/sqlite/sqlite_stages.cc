#include "store/sqlite/sqlite_stages.h"

namespace vf::store {

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

Result<void> update_progress(Database& db, const std::string& job) {
  return VF_TRY(db.prepare(
                    "UPDATE jobs SET progress = MAX(progress, round_from + (round_to - round_from) * COALESCE((SELECT "
                    "SUM((s.cpu_seconds + 0.001) * CASE WHEN s.state IN ('done', 'skipped') THEN 1.0 ELSE s.fraction "
                    "END) / SUM(s.cpu_seconds + 0.001) FROM stages s WHERE s.job = jobs.id AND s.round = jobs.round "
                    "AND s.kind <> 'drive'), 0)) WHERE id = ?"))
      .bind(job)
      .run();
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

json::object error_object(const Error& error, const std::string& stage) {
  return {{"code", to_string(error.code)},
          {"detail", error.message},
          {"stage", stage},
          {"recoverable", is_retryable(error.code)}};
}

}  // namespace vf::store
