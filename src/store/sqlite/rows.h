// What the SQLite stores share: JSON columns, events, and who needs which blob. Internal to store/sqlite.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "store/files.h"
#include "store/sqlite/database.h"

namespace vf::store {

// Unix milliseconds; injected, so that tests turn it.
using WallClock = std::function<std::int64_t()>;

// JSON null stands as NULL.
Result<json::value> json_column(const Statement& row, int column);
std::optional<std::string> json_text(const json::value& value);

template <typename T>
Result<std::optional<T>> described_column(const Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return std::optional<T>(VF_TRY(from_json_text<T>(row.text(column))));
}

enum class Subject { job, video, user };

// Appends an event under the subject's row, inside the caller's transaction.
Result<void> append_event(Database& db, Subject kind, const std::string& subject, const std::string& owner,
                          std::string_view type, const json::value& data, std::int64_t at_ms);

// Sets the subject's files of these names and the references to their blobs.
Result<void> put_files(Database& db, const std::string& subject, const std::vector<FileRow>& files);

// A video's files that were shown before its set was proven.
Result<std::vector<FileRow>> heads_of(Database& db, const std::string& video);

// Forgets those, with the references that no other file of the video needs.
Result<void> drop_heads(Database& db, const std::string& video);

// The bytes that a user's things take, ?1: what videos, jobs and assets name, and captions, which are rows themselves.
inline constexpr const char* kStoredBytes =
    "(SELECT COALESCE(SUM(size), 0) FROM blob_references WHERE subject IN (SELECT id FROM videos WHERE owner = ?1 "
    "UNION "
    "ALL SELECT id FROM jobs WHERE owner = ?1 UNION ALL SELECT id FROM assets WHERE owner = ?1)) + (SELECT "
    "COALESCE(SUM(LENGTH(CAST(c.webvtt AS BLOB))), 0) FROM captions c JOIN videos v ON v.id = c.video WHERE v.owner = "
    "?1)";

inline constexpr const char* kFileColumns = "name, content_type, size, etag, pieces";
Result<FileRow> read_file_row(const Statement& row);

// Forgets all files of the subject and their references.
Result<void> remove_files(Database& db, const std::string& subject);

Result<void> refer(Database& db, const std::string& subject, const std::string& sha256, std::int64_t size);

Result<std::vector<std::string>> texts(Statement statement);  // the first column of every row

}  // namespace vf::store
