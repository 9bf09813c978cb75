#include "store/sqlite/sqlite_videos.h"

#include "base/uuid.h"

namespace vf::store {
namespace {

constexpr const char* kColumns =
    "id, owner, title, description, tags, visibility, state, file_name, source_sha256, source_size, info, duration_ms, "
    "width, height, error, salt, created_at, updated_at, expires_at";

Result<Video> read_video(const Statement& row) {
  Video v;
  v.id = row.text(0);
  v.owner = row.text(1);
  v.title = row.text(2);
  v.description = row.text(3);
  v.tags = VF_TRY(from_json_text<std::vector<std::string>>(row.text(4)));
  v.visibility = row.text(5);
  v.state = row.text(6);
  v.file_name = row.text(7);
  if (!row.null(8)) v.source = jobs::BlobRef{row.text(8), row.number(9)};
  v.info = VF_TRY(json_column(row, 10));
  v.duration_ms = row.maybe_number(11);
  v.width = row.maybe_number(12);
  v.height = row.maybe_number(13);
  v.error = VF_TRY(json_column(row, 14));
  v.salt = row.text(15);
  v.created_ms = row.number(16);
  v.updated_ms = row.number(17);
  v.expires_ms = row.maybe_number(18);
  return v;
}

Result<void> index_text(Database& db, const Video& video) {
  std::string tags;
  for (const auto& tag : video.tags) tags += tag + ' ';
  VF_CHECK(VF_TRY(db.prepare("DELETE FROM video_search WHERE video_id = ?")).bind(video.id).run());
  return VF_TRY(db.prepare("INSERT INTO video_search (video_id, title, description, tags) VALUES (?, ?, ?, ?)"))
      .bind(video.id)
      .bind(video.title)
      .bind(video.description)
      .bind(tags)
      .run();
}

// Words as a person types them, each a prefix; quoted, so that none is an operator of the search language.
std::string match_expression(const std::string& text) {
  std::string out;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) out += fmt::format("{}\"{}\"*", out.empty() ? "" : " ", word);
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n')
      flush();
    else if (c != '"')
      word += c;
  }
  flush();
  return out;
}

struct Query {
  std::string where = "1";
  std::vector<std::function<void(Statement&)>> values;

  template <typename T>
  void add(std::string_view condition, T value) {
    where += fmt::format(" AND {}", condition);
    values.push_back([value](Statement& s) { s.bind(value); });
  }
};

Query query_of(const VideoFilter& f) {
  Query q;
  if (!f.owner.empty()) q.add("owner = ?", f.owner);
  if (!f.visibility.empty()) q.add("visibility = ?", f.visibility);
  if (!f.states.empty()) {
    q.where += " AND state IN (";
    for (std::size_t i = 0; i < f.states.size(); ++i) {
      q.where += i == 0 ? "?" : ", ?";
      q.values.push_back([state = f.states[i]](Statement& s) { s.bind(state); });
    }
    q.where += ")";
  }
  if (const auto words = match_expression(f.text); !words.empty())
    q.add("id IN (SELECT video_id FROM video_search WHERE video_search MATCH ?)", words);
  if (!f.tag.empty()) q.add("EXISTS (SELECT 1 FROM json_each(videos.tags) WHERE value = ?)", f.tag);
  if (f.min_duration_ms) q.add("duration_ms >= ?", *f.min_duration_ms);
  if (f.max_duration_ms) q.add("duration_ms <= ?", *f.max_duration_ms);
  return q;
}

// The cursor holds the key of the sort as a number where that is one, and the id decides among equals.
struct Order {
  const char* key;
  const char* direction;
  const char* compare;
  std::int64_t (*of)(const Video&);
};

Order order_of(const std::string& sort) {
  if (sort == "oldest") return {"created_at", "ASC", ">", [](const Video& v) { return v.created_ms; }};
  if (sort == "longest")
    return {"COALESCE(duration_ms, 0)", "DESC", "<", [](const Video& v) { return v.duration_ms.value_or(0); }};
  if (sort == "updated") return {"updated_at", "DESC", "<", [](const Video& v) { return v.updated_ms; }};
  return {"created_at", "DESC", "<", [](const Video& v) { return v.created_ms; }};
}

}  // namespace

Result<std::optional<Video>> find_video(Database& db, const std::string& id) {
  auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM videos WHERE id = ?", kColumns)));
  row.bind(id);
  if (!VF_TRY(row.step())) return std::nullopt;
  return std::optional(VF_TRY(read_video(row)));
}

Result<void> insert_video(Database& db, const Video& v) {
  VF_CHECK(
      VF_TRY(db.prepare(fmt::format("INSERT INTO videos ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                    "?, ?, ?)",
                                    kColumns)))
          .bind(v.id)
          .bind(v.owner)
          .bind(v.title)
          .bind(v.description)
          .bind(dump(to_json(v.tags)))
          .bind(v.visibility)
          .bind(v.state)
          .bind(v.file_name)
          .bind(v.source ? std::optional(v.source->sha256) : std::nullopt)
          .bind(v.source ? std::optional(v.source->size) : std::nullopt)
          .bind(json_text(v.info))
          .bind(v.duration_ms)
          .bind(v.width)
          .bind(v.height)
          .bind(json_text(v.error))
          .bind(v.salt)
          .bind(v.created_ms)
          .bind(v.updated_ms)
          .bind(v.expires_ms)
          .run());
  VF_CHECK(index_text(db, v));
  if (v.source) VF_CHECK(refer(db, v.id, v.source->sha256, v.source->size));
  return append_event(db, Subject::video, v.id, v.owner, "state", json::object{{"state", v.state}}, v.created_ms);
}

Result<void> note_change(Database& db, const std::string& id, std::int64_t now) {
  const auto video = VF_TRY(find_video(db, id));
  if (!video) return {};
  return append_event(db, Subject::video, id, video->owner, "changed", json::object{}, now);
}

Result<std::optional<Video>> SqliteVideoStore::find(const std::string& id) {
  return pool_.read([&](Database& db) { return find_video(db, id); });
}

Result<std::optional<VideoAccess>> SqliteVideoStore::access(const std::string& id) {
  return pool_.read([&](Database& db) -> Result<std::optional<VideoAccess>> {
    auto row = VF_TRY(db.prepare("SELECT owner, visibility, state, salt FROM videos WHERE id = ?"));
    row.bind(id);
    if (!VF_TRY(row.step())) return std::nullopt;
    return VideoAccess{id, row.text(0), row.text(1), row.text(2), row.text(3)};
  });
}

Result<Page<Video>> SqliteVideoStore::list(const VideoFilter& filter, int limit, const std::optional<Cursor>& from) {
  return pool_.read([&](Database& db) -> Result<Page<Video>> {
    const auto query = query_of(filter);
    const auto order = order_of(filter.sort);
    auto where = query.where;
    if (from) where += fmt::format(" AND ({}, id) {} (?, ?)", order.key, order.compare);
    auto rows = VF_TRY(db.prepare(fmt::format("SELECT {} FROM videos WHERE {} ORDER BY {} {}, id {} LIMIT ?", kColumns,
                                              where, order.key, order.direction, order.direction)));
    for (const auto& bind : query.values) bind(rows);
    if (from) rows.bind(from->at_ms).bind(from->id);
    rows.bind(limit + 1);
    Page<Video> page;
    while (VF_TRY(rows.step())) page.items.push_back(VF_TRY(read_video(rows)));
    if (page.items.size() > static_cast<std::size_t>(limit)) {
      page.items.pop_back();
      page.next = Cursor{order.of(page.items.back()), page.items.back().id};
    }
    return page;
  });
}

Result<std::optional<Video>> SqliteVideoStore::change(const std::string& id, const VideoChange& change) {
  return pool_.write([&](Database& db) -> Result<std::optional<Video>> {
    auto video = VF_TRY(find_video(db, id));
    if (!video) return video;
    if (change.title) video->title = *change.title;
    if (change.description) video->description = *change.description;
    if (change.tags) video->tags = *change.tags;
    if (change.visibility) video->visibility = *change.visibility;
    if (change.expires_ms) video->expires_ms = *change.expires_ms;
    if (change.new_salt) video->salt = make_uuid();
    video->updated_ms = now_();
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE videos SET title = ?, description = ?, tags = ?, visibility = ?, expires_at = ?, "
                          "salt = ?, updated_at = ? WHERE id = ?"))
            .bind(video->title)
            .bind(video->description)
            .bind(dump(to_json(video->tags)))
            .bind(video->visibility)
            .bind(video->expires_ms)
            .bind(video->salt)
            .bind(video->updated_ms)
            .bind(id)
            .run());
    VF_CHECK(index_text(db, *video));
    VF_CHECK(append_event(db, Subject::video, id, video->owner, "changed", json::object{}, video->updated_ms));
    return video;
  });
}

Result<void> SqliteVideoStore::mark_damaged(const std::string& id, const std::string& why) {
  return pool_.write([&](Database& db) -> Result<void> {
    const auto video = VF_TRY(find_video(db, id));
    if (!video) return {};
    const json::object error{{"code", to_string(ErrorCode::not_found)}, {"detail", why}};
    VF_CHECK(VF_TRY(db.prepare("UPDATE videos SET state = 'failed', error = ?, updated_at = ? WHERE id = ?"))
                 .bind(dump(error))
                 .bind(now_())
                 .bind(id)
                 .run());
    return append_event(db, Subject::video, id, video->owner, "error", error, now_());
  });
}

Result<bool> SqliteVideoStore::remove(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    const auto video = VF_TRY(find_video(db, id));
    if (!video) return false;
    auto jobs = VF_TRY(db.prepare("SELECT id FROM jobs WHERE video = ?"));
    jobs.bind(id);
    for (const auto& job : VF_TRY(texts(std::move(jobs)))) {
      VF_CHECK(remove_files(db, job));
      VF_CHECK(VF_TRY(db.prepare("DELETE FROM events WHERE subject = ?")).bind(job).run());
    }
    VF_CHECK(remove_files(db, id));
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM video_search WHERE video_id = ?")).bind(id).run());
    // Its end is an event as well: whoever follows the log must learn of it.
    VF_CHECK(append_event(db, Subject::video, id, video->owner, "removed", json::object{}, now_()));
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM events WHERE subject = ? AND type <> 'removed'")).bind(id).run());
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM videos WHERE id = ?")).bind(id).run());
    return true;
  });
}

Result<std::vector<FileRow>> SqliteVideoStore::files(const std::string& subject) {
  return pool_.read([&](Database& db) -> Result<std::vector<FileRow>> {
    auto rows = VF_TRY(db.prepare(fmt::format("SELECT {} FROM files WHERE subject = ? ORDER BY name", kFileColumns)));
    rows.bind(subject);
    std::vector<FileRow> out;
    while (VF_TRY(rows.step())) out.push_back(VF_TRY(read_file_row(rows)));
    return out;
  });
}

Result<std::optional<FileRow>> SqliteVideoStore::file(const std::string& subject, const std::string& name) {
  return pool_.read([&](Database& db) -> Result<std::optional<FileRow>> {
    auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM files WHERE subject = ? AND name = ?", kFileColumns)));
    row.bind(subject).bind(name);
    if (!VF_TRY(row.step())) return std::nullopt;
    return std::optional(VF_TRY(read_file_row(row)));
  });
}

Result<std::vector<Caption>> SqliteVideoStore::captions(const std::string& video) {
  return pool_.read([&](Database& db) -> Result<std::vector<Caption>> {
    auto rows = VF_TRY(db.prepare("SELECT language, label, webvtt FROM captions WHERE video = ? ORDER BY language"));
    rows.bind(video);
    std::vector<Caption> out;
    while (VF_TRY(rows.step())) out.push_back({rows.text(0), rows.text(1), rows.text(2)});
    return out;
  });
}

Result<void> SqliteVideoStore::put_caption(const std::string& video, const Caption& caption) {
  return pool_.write([&](Database& db) -> Result<void> {
    VF_CHECK(VF_TRY(db.prepare("INSERT OR REPLACE INTO captions (video, language, label, webvtt, created_at) VALUES "
                               "(?, ?, ?, ?, ?)"))
                 .bind(video)
                 .bind(caption.language)
                 .bind(caption.label)
                 .bind(caption.webvtt)
                 .bind(now_())
                 .run());
    return note_change(db, video, now_());
  });
}

Result<bool> SqliteVideoStore::remove_caption(const std::string& video, const std::string& language) {
  return pool_.write([&](Database& db) -> Result<bool> {
    VF_CHECK(
        VF_TRY(db.prepare("DELETE FROM captions WHERE video = ? AND language = ?")).bind(video).bind(language).run());
    if (db.changes() == 0) return false;
    VF_CHECK(note_change(db, video, now_()));
    return true;
  });
}

Result<std::vector<std::string>> SqliteVideoStore::expired(std::int64_t now_ms, int limit) {
  return pool_.read([&](Database& db) -> Result<std::vector<std::string>> {
    auto rows = VF_TRY(db.prepare("SELECT id FROM videos WHERE expires_at <= ? LIMIT ?"));
    rows.bind(now_ms).bind(limit);
    return texts(std::move(rows));
  });
}

Result<std::vector<std::string>> SqliteVideoStore::referenced_blobs() {
  return pool_.read([](Database& db) -> Result<std::vector<std::string>> {
    auto out = VF_TRY(texts(VF_TRY(db.prepare("SELECT DISTINCT sha256 FROM blob_references"))));
    // What the stages of jobs on their way have left so far.
    auto rows = VF_TRY(db.prepare("SELECT output FROM stages WHERE output IS NOT NULL"));
    while (VF_TRY(rows.step()))
      for (const auto& blob : VF_TRY(from_json_text<jobs::StageOutput>(rows.text(0))).blobs) out.push_back(blob.sha256);
    return out;
  });
}

Result<std::int64_t> SqliteVideoStore::forget_heads(std::int64_t before_ms, int limit) {
  return pool_.write([&](Database& db) -> Result<std::int64_t> {
    auto rows =
        VF_TRY(db.prepare("SELECT DISTINCT v.id FROM videos v JOIN files f ON f.subject = v.id WHERE v.state = "
                          "'ready' AND v.updated_at < ? AND f.name LIKE 'source\\_%' ESCAPE '\\' LIMIT ?"));
    rows.bind(before_ms).bind(limit);
    const auto ids = VF_TRY(texts(std::move(rows)));
    for (const auto& id : ids) {
      VF_CHECK(drop_heads(db, id));
      VF_CHECK(note_change(db, id, now_()));
    }
    return static_cast<std::int64_t>(ids.size());
  });
}

Result<VideoStore::Usage> SqliteVideoStore::usage(const std::string& owner) {
  return pool_.read([&](Database& db) -> Result<Usage> {
    auto row =
        VF_TRY(db.prepare(fmt::format("SELECT (SELECT COUNT(*) FROM videos WHERE owner = ?1), {}", kStoredBytes)));
    row.bind(owner);
    VF_TRY(row.step());
    return Usage{row.number(0), row.number(1)};
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> SqliteVideoStore::count_by_state() {
  return pool_.read([](Database& db) -> Result<std::vector<std::pair<std::string, std::int64_t>>> {
    auto rows = VF_TRY(db.prepare("SELECT state, COUNT(*) FROM videos GROUP BY state"));
    std::vector<std::pair<std::string, std::int64_t>> out;
    while (VF_TRY(rows.step())) out.emplace_back(rows.text(0), rows.number(1));
    return out;
  });
}

}  // namespace vf::store
