#include "store/sqlite/video_making.h"

#include <cmath>

#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite_videos.h"

namespace vf::store {
namespace {

bool makes_videos(const Job& job) { return job.video && (job.kind == "transcode" || job.kind == "import"); }

Result<bool> another_makes(Database& db, const Job& job) {
  auto other =
      VF_TRY(db.prepare("SELECT 1 FROM jobs WHERE video = ? AND id <> ? AND kind IN ('transcode', 'import') AND "
                        "state IN ('pending', 'processing', 'paused')"));
  other.bind(*job.video).bind(job.id);
  return other.step();
}

json::object cancelled_error() {
  return {{"code", to_string(ErrorCode::cancelled)},
          {"detail", "The job that makes this video was cancelled. Retry that job, or order another transcode."},
          {"recoverable", true}};
}

// Whether another job that began earlier still makes this video: files of two sets must not mix.
Result<bool> is_second(Database& db, const Job& job) {
  auto other =
      VF_TRY(db.prepare("SELECT 1 FROM jobs WHERE video = ?1 AND kind = ?2 AND id <> ?3 AND state IN ('pending', "
                        "'processing', 'paused') AND (created_at < ?4 OR (created_at = ?4 AND id < ?3))"));
  other.bind(*job.video).bind(job.kind).bind(job.id).bind(job.created_ms);
  return other.step();
}

}  // namespace

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

Result<void> stop_making(Database& db, const Job& job, const json::value& error, std::int64_t now) {
  if (!makes_videos(job) || VF_TRY(another_makes(db, job))) return {};
  const json::value why = error.is_null() ? json::value(cancelled_error()) : error;
  VF_CHECK(VF_TRY(db.prepare("UPDATE videos SET state = 'failed', error = ?, updated_at = ? WHERE id = ? AND state IN "
                             "('uploading', 'processing', 'playable')"))
               .bind(dump(why))
               .bind(now)
               .bind(*job.video)
               .run());
  return db.changes() > 0 ? append_event(db, Subject::video, *job.video, job.owner, "error", why, now) : Result<void>();
}

Result<void> take_up_making(Database& db, const Job& job, std::int64_t now) {
  if (!makes_videos(job)) return {};
  VF_CHECK(VF_TRY(db.prepare("UPDATE videos SET error = NULL, updated_at = ?, state = CASE WHEN source_sha256 IS NULL "
                             "THEN 'uploading' WHEN EXISTS (SELECT 1 FROM files WHERE subject = videos.id AND name = "
                             "'master.m3u8') THEN 'playable' ELSE 'processing' END WHERE id = ? AND state = 'failed'"))
               .bind(now)
               .bind(*job.video)
               .run());
  if (db.changes() == 0) return {};
  auto video = VF_TRY(db.prepare("SELECT state FROM videos WHERE id = ?"));
  video.bind(*job.video);
  VF_TRY(video.step());
  return append_event(db, Subject::video, *job.video, job.owner, "state", json::object{{"state", video.text(0)}}, now);
}

Result<void> make_anew(Database& db, const Job& job, std::int64_t now) {
  if (!makes_videos(job)) return {};
  auto video = VF_TRY(db.prepare("SELECT source_sha256, source_size FROM videos WHERE id = ? AND state = 'failed'"));
  video.bind(*job.video);
  if (!VF_TRY(video.step())) return {};
  VF_CHECK(remove_files(db, *job.video));
  if (!video.null(0)) VF_CHECK(refer(db, *job.video, video.text(0), video.number(1)));
  return take_up_making(db, job, now);
}

}  // namespace vf::store
