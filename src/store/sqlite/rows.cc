#include "store/sqlite/rows.h"

#include <array>

#include "base/sha256.h"

namespace vf::store {

std::string etag_of(const std::vector<FilePart>& parts) {
  if (parts.size() == 1 && parts[0].offset == 0 && parts[0].size == parts[0].blob_size) return parts[0].sha256;
  return sha256_hex(dump(to_json(parts)));
}

Result<json::value> json_column(const Statement& row, int column) {
  if (row.null(column)) return json::value(nullptr);
  return parse_json(row.text(column));
}

std::optional<std::string> json_text(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return dump(value);
}

Result<void> append_event(Database& db, Subject kind, const std::string& subject, const std::string& owner,
                          std::string_view type, const json::value& data, std::int64_t at_ms) {
  // The counter stands in the subject's own row: two writers of one subject take turns at it.
  constexpr std::array kCounts{"UPDATE jobs SET events = events + 1 WHERE id = ? RETURNING events",
                               "UPDATE videos SET events = events + 1 WHERE id = ? RETURNING events",
                               "UPDATE users SET events = events + 1 WHERE id = ? RETURNING events"};
  auto count = VF_TRY(db.prepare(kCounts.at(static_cast<std::size_t>(kind))));
  count.bind(subject);
  if (!VF_TRY(count.step())) return {};
  const auto number = count.number(0);
  VF_CHECK(count.run());
  return VF_TRY(db.prepare(
                    "INSERT INTO events (subject, number, type, data, owner, at, about) VALUES (?, ?, ?, ?, ?, ?, ?)"))
      .bind(subject)
      .bind(number)
      .bind(type)
      .bind(dump(data))
      .bind(owner)
      .bind(at_ms)
      .bind(kind == Subject::job ? "job" : "video")
      .run();
}

Result<void> refer(Database& db, const std::string& subject, const std::string& sha256, std::int64_t size) {
  return VF_TRY(db.prepare("INSERT OR IGNORE INTO blob_references (sha256, subject, size) VALUES (?, ?, ?)"))
      .bind(sha256)
      .bind(subject)
      .bind(size)
      .run();
}

Result<void> put_files(Database& db, const std::string& subject, const std::vector<FileRow>& files) {
  for (const auto& file : files) {
    VF_CHECK(VF_TRY(db.prepare("INSERT OR REPLACE INTO files (subject, name, content_type, size, etag, pieces) VALUES "
                               "(?, ?, ?, ?, ?, ?)"))
                 .bind(subject)
                 .bind(file.name)
                 .bind(file.content_type)
                 .bind(file.size)
                 .bind(file.etag)
                 .bind(dump(to_json(file.parts)))
                 .run());
    for (const auto& part : file.parts) VF_CHECK(refer(db, subject, part.sha256, part.blob_size));
  }
  return {};
}

Result<FileRow> read_file_row(const Statement& row) {
  return FileRow{row.text(0), row.text(1), row.number(2), row.text(3),
                 VF_TRY(from_json_text<std::vector<FilePart>>(row.text(4)))};
}

Result<std::vector<FileRow>> heads_of(Database& db, const std::string& video) {
  auto rows = VF_TRY(db.prepare(
      fmt::format("SELECT {} FROM files WHERE subject = ? AND name LIKE 'source\\_%' ESCAPE '\\'", kFileColumns)));
  rows.bind(video);
  std::vector<FileRow> out;
  while (VF_TRY(rows.step())) out.push_back(VF_TRY(read_file_row(rows)));
  return out;
}

Result<void> drop_heads(Database& db, const std::string& video) {
  VF_CHECK(VF_TRY(db.prepare("DELETE FROM files WHERE subject = ? AND name LIKE 'source\\_%' ESCAPE '\\'"))
               .bind(video)
               .run());
  return VF_TRY(db.prepare("DELETE FROM blob_references WHERE subject = ?1 AND sha256 NOT IN (SELECT "
                           "json_extract(p.value, '$.sha256') FROM files f, json_each(f.pieces) p WHERE f.subject = "
                           "?1) AND sha256 NOT IN (SELECT source_sha256 FROM videos WHERE id = ?1 AND source_sha256 IS "
                           "NOT NULL)"))
      .bind(video)
      .run();
}

Result<void> remove_files(Database& db, const std::string& subject) {
  VF_CHECK(VF_TRY(db.prepare("DELETE FROM files WHERE subject = ?")).bind(subject).run());
  return VF_TRY(db.prepare("DELETE FROM blob_references WHERE subject = ?")).bind(subject).run();
}

Result<std::vector<std::string>> texts(Statement statement) {
  std::vector<std::string> out;
  while (VF_TRY(statement.step())) out.push_back(statement.text(0));
  return out;
}

}  // namespace vf::store
