#include <fmt/format.h>

#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_videos.h"

namespace vf::store {
namespace {

constexpr const char* kColumns =
    "id, owner, protocol, state, file_name, size, metadata, details, video, created_at, expires_at, trace";

Result<std::optional<Upload>> find_upload(Database& db, const std::string& id) {
  auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM uploads WHERE id = ?", kColumns)));
  row.bind(id);
  if (!VF_TRY(row.step())) return std::nullopt;
  Upload u;
  u.id = row.text(0);
  u.owner = row.text(1);
  u.protocol = row.text(2);
  u.state = row.text(3);
  u.file_name = row.text(4);
  u.size = row.maybe_number(5);
  u.metadata = row.text(6);
  u.details = VF_TRY(parse_json(row.text(7)));
  u.video = row.maybe_text(8);
  u.created_ms = row.number(9);
  u.expires_ms = row.number(10);
  u.trace = row.text(11);
  return std::optional(std::move(u));
}

// What the first call for this upload made.
Result<UploadStore::Made> made_before(Database& db, const std::string& video) {
  UploadStore::Made made;
  if (auto row = VF_TRY(find_video(db, video))) made.video = std::move(*row);
  auto jobs = VF_TRY(db.prepare("SELECT id FROM jobs WHERE video = ? ORDER BY created_at, id LIMIT 1"));
  jobs.bind(video);
  const auto ids = VF_TRY(texts(std::move(jobs)));
  if (!ids.empty()) made.job = VF_TRY(find_job(db, ids.front()));
  return made;
}

}  // namespace

Result<void> SqliteUploadStore::create(const Upload& u) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare(
                      fmt::format("INSERT INTO uploads ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kColumns)))
        .bind(u.id)
        .bind(u.owner)
        .bind(u.protocol)
        .bind(u.state)
        .bind(u.file_name)
        .bind(u.size)
        .bind(u.metadata)
        .bind(dump(u.details))
        .bind(u.video)
        .bind(u.created_ms)
        .bind(u.expires_ms)
        .bind(u.trace)
        .run();
  });
}

Result<std::optional<Upload>> SqliteUploadStore::find(const std::string& id) {
  return pool_.read([&](Database& db) { return find_upload(db, id); });
}

Result<void> SqliteUploadStore::reserve(const std::string& id, std::int64_t bytes) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare("UPDATE uploads SET reserved = MAX(reserved, ?) WHERE id = ? AND size IS NULL"))
        .bind(bytes)
        .bind(id)
        .run();
  });
}

Result<void> SqliteUploadStore::declare_size(const std::string& id, std::int64_t size) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare("UPDATE uploads SET size = ? WHERE id = ? AND size IS NULL")).bind(size).bind(id).run();
  });
}

Result<void> SqliteUploadStore::keep_until(const std::string& id, std::int64_t expires_ms) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare("UPDATE uploads SET expires_at = ? WHERE id = ?")).bind(expires_ms).bind(id).run();
  });
}

Result<bool> SqliteUploadStore::remove(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM uploads WHERE id = ?")).bind(id).run());
    return db.changes() > 0;
  });
}

Result<UploadStore::Made> SqliteUploadStore::accept(const Accepted& accepted) {
  return pool_.write([&](Database& db) -> Result<Made> {
    if (!accepted.upload.empty()) {
      const auto upload = VF_TRY(find_upload(db, accepted.upload));
      if (!upload) return fail(ErrorCode::not_found, "This upload does not exist any more; begin a new one.");
      if (upload->video) return made_before(db, *upload->video);
    }
    Made made;
    made.video = accepted.video;
    made.video.state = accepted.video.source ? "processing" : "uploading";
    made.video.created_ms = made.video.updated_ms = now_();
    VF_CHECK(insert_video(db, made.video));
    if (accepted.job) {
      auto job = *accepted.job;
      job.video = made.video.id;
      made.job = VF_TRY(insert_job(db, job, now_()));
    }
    if (!accepted.upload.empty())
      VF_CHECK(VF_TRY(db.prepare("UPDATE uploads SET state = 'done', video = ? WHERE id = ?"))
                   .bind(made.video.id)
                   .bind(accepted.upload)
                   .run());
    return made;
  });
}

Result<std::vector<std::string>> SqliteUploadStore::expired(std::int64_t now_ms, int limit) {
  return pool_.read([&](Database& db) -> Result<std::vector<std::string>> {
    auto rows = VF_TRY(db.prepare("SELECT id FROM uploads WHERE expires_at <= ? LIMIT ?"));
    rows.bind(now_ms).bind(limit);
    return texts(std::move(rows));
  });
}

Result<std::optional<UploadStore::Made>> SqliteUploadStore::made(const std::string& id) {
  return pool_.read([&](Database& db) -> Result<std::optional<Made>> {
    const auto upload = VF_TRY(find_upload(db, id));
    if (!upload || !upload->video) return std::nullopt;
    return VF_TRY(made_before(db, *upload->video));
  });
}

Result<std::vector<UploadStore::Open>> SqliteUploadStore::open() {
  return pool_.read([](Database& db) -> Result<std::vector<Open>> {
    auto rows = VF_TRY(db.prepare("SELECT id, protocol, size FROM uploads WHERE state = 'open'"));
    std::vector<Open> out;
    while (VF_TRY(rows.step())) out.push_back({rows.text(0), rows.text(1), rows.maybe_number(2)});
    return out;
  });
}

Result<UploadStore::Pending> SqliteUploadStore::pending(const std::string& owner, std::int64_t since_ms) {
  return pool_.read([&](Database& db) -> Result<Pending> {
    auto row =
        VF_TRY(db.prepare("SELECT (SELECT COALESCE(SUM(size), 0) FROM uploads WHERE owner = ?1 AND state = "
                          "'open'), (SELECT COUNT(*) FROM uploads WHERE owner = ?1 AND created_at >= ?2)"));
    row.bind(owner).bind(since_ms);
    VF_TRY(row.step());
    return Pending{row.number(0), row.number(1)};
  });
}

Result<void> SqliteVideoStore::forget_owner(const std::string& owner) {
  return pool_.write([&](Database& db) -> Result<void> {
    for (const char* table : {"playlists", "uploads", "idempotency", "events", "media_use", "shares"})
      VF_CHECK(VF_TRY(db.prepare(fmt::format("DELETE FROM {} WHERE owner = ?", table))).bind(owner).run());
    return {};
  });
}

Result<std::vector<std::string>> SqliteVideoStore::ownerless(int limit) {
  return pool_.read([&](Database& db) -> Result<std::vector<std::string>> {
    auto rows = VF_TRY(
        db.prepare("SELECT owner FROM (SELECT owner FROM videos UNION SELECT owner FROM jobs UNION SELECT owner FROM "
                   "playlists UNION SELECT owner FROM assets) WHERE owner NOT IN (SELECT id FROM users) LIMIT ?"));
    rows.bind(limit);
    return texts(std::move(rows));
  });
}

Result<std::vector<Event>> SqliteEventLog::after(const std::string& subject, std::int64_t number, int limit) {
  return pool_.read([&](Database& db) -> Result<std::vector<Event>> {
    auto rows =
        VF_TRY(db.prepare("SELECT subject, number, type, data, at FROM events WHERE subject = ? AND number > ? "
                          "ORDER BY number LIMIT ?"));
    rows.bind(subject).bind(number).bind(limit);
    std::vector<Event> out;
    while (VF_TRY(rows.step()))
      out.push_back({rows.text(0), rows.number(1), rows.text(2), VF_TRY(parse_json(rows.text(3))), rows.number(4)});
    return out;
  });
}

Result<std::int64_t> SqliteEventLog::head() {
  return pool_.read([](Database& db) -> Result<std::int64_t> {
    auto row = VF_TRY(db.prepare("SELECT COALESCE(MAX(sequence), 0) FROM events"));
    VF_TRY(row.step());
    return row.number(0);
  });
}

Result<EventLog::Changes> SqliteEventLog::changes(std::int64_t since) {
  return pool_.read([&](Database& db) -> Result<Changes> {
    Changes out;
    auto head = VF_TRY(db.prepare("SELECT COALESCE(MAX(sequence), 0) FROM events"));
    VF_TRY(head.step());
    out.head = head.number(0);
    auto rows = VF_TRY(db.prepare("SELECT DISTINCT subject, about FROM events WHERE sequence > ?"));
    rows.bind(since);
    while (VF_TRY(rows.step())) {
      out.subjects.push_back(rows.text(0));
      if (rows.text(1) == "video") out.videos.push_back(rows.text(0));
    }
    return out;
  });
}

Result<std::optional<FirstAnswer>> SqliteIdempotencyStore::find(const std::string& owner, const std::string& key) {
  return pool_.read([&](Database& db) -> Result<std::optional<FirstAnswer>> {
    auto row =
        VF_TRY(db.prepare("SELECT request, status, answer, location FROM idempotency WHERE owner = ? AND key = ?"));
    row.bind(owner).bind(key);
    if (!VF_TRY(row.step())) return std::nullopt;
    return FirstAnswer{row.text(0), static_cast<int>(row.number(1)), row.text(2), row.text(3)};
  });
}

Result<void> SqliteIdempotencyStore::keep(const std::string& owner, const std::string& key, const FirstAnswer& answer) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare(
                      "INSERT OR IGNORE INTO idempotency (owner, key, request, status, answer, location, created_at) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?)"))
        .bind(owner)
        .bind(key)
        .bind(answer.request)
        .bind(answer.status)
        .bind(answer.body)
        .bind(answer.location)
        .bind(now_())
        .run();
  });
}

Result<void> SqliteIdempotencyStore::forget_before(std::int64_t at_ms) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(db.prepare("DELETE FROM idempotency WHERE created_at < ?")).bind(at_ms).run();
  });
}

}  // namespace vf::store
