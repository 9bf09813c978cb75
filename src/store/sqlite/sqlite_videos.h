// store::VideoStore, UploadStore, PlaylistStore, EventLog and IdempotencyStore over SQLite.
#pragma once

#include "store/events.h"
#include "store/playlists.h"
#include "store/sqlite/pool.h"
#include "store/sqlite/rows.h"
#include "store/uploads.h"

namespace vf::store {

class SqliteVideoStore : public VideoStore {
 public:
  explicit SqliteVideoStore(SqlitePool& pool, WallClock now = wall_clock_ms) : pool_(pool), now_(std::move(now)) {}

  Result<std::optional<VideoAccess>> access(const std::string& id) override;
  Result<std::optional<Video>> find(const std::string& id) override;
  Result<Page<Video>> list(const VideoFilter& filter, int limit, const std::optional<Cursor>& from) override;
  Result<std::optional<Video>> change(const std::string& id, const VideoChange& change) override;
  Result<void> mark_damaged(const std::string& id, const std::string& why) override;
  Result<bool> remove(const std::string& id) override;
  Result<std::vector<FileRow>> files(const std::string& subject) override;
  Result<std::optional<FileRow>> file(const std::string& subject, const std::string& name) override;
  Result<std::vector<Caption>> captions(const std::string& video) override;
  Result<void> put_caption(const std::string& video, const Caption& caption) override;
  Result<bool> remove_caption(const std::string& video, const std::string& language) override;
  Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) override;
  Result<std::vector<std::string>> referenced_blobs() override;
  Result<std::int64_t> forget_heads(std::int64_t before_ms, int limit) override;
  Result<void> forget_owner(const std::string& owner) override;
  Result<std::vector<std::string>> ownerless(int limit) override;
  Result<Usage> usage(const std::string& owner) override;
  Result<std::vector<std::pair<std::string, std::int64_t>>> count_by_state() override;

 private:
  SqlitePool& pool_;
  WallClock now_;
};

// Inside the caller's transaction: the row, its search text, its source's reference and its first event.
Result<void> insert_video(Database& db, const Video& video);
Result<std::optional<Video>> find_video(Database& db, const std::string& id);
// The event of a change that is none of state.
Result<void> note_change(Database& db, const std::string& video, std::int64_t now);

class SqliteUploadStore : public UploadStore {
 public:
  explicit SqliteUploadStore(SqlitePool& pool, WallClock now = wall_clock_ms) : pool_(pool), now_(std::move(now)) {}

  Result<void> create(const Upload& upload) override;
  Result<std::optional<Upload>> find(const std::string& id) override;
  Result<void> reserve(const std::string& id, std::int64_t bytes) override;
  Result<void> declare_size(const std::string& id, std::int64_t size) override;
  Result<void> keep_until(const std::string& id, std::int64_t expires_ms) override;
  Result<bool> remove(const std::string& id) override;
  Result<Made> accept(const Accepted& accepted) override;
  Result<std::optional<Made>> made(const std::string& id) override;
  Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) override;
  Result<std::vector<Open>> open() override;
  Result<Pending> pending(const std::string& owner, std::int64_t since_ms) override;

 private:
  SqlitePool& pool_;
  WallClock now_;
};

class SqlitePlaylistStore : public PlaylistStore {
 public:
  explicit SqlitePlaylistStore(SqlitePool& pool, WallClock now = wall_clock_ms) : pool_(pool), now_(std::move(now)) {}

  Result<void> create(const Playlist& playlist) override;
  Result<std::optional<Playlist>> find(const std::string& id) override;
  Result<Page<Playlist>> list(const std::string& owner, const std::string& visibility, int limit,
                              const std::optional<Cursor>& from) override;
  Result<bool> change(const std::string& id, const PlaylistChange& change) override;
  Result<bool> remove(const std::string& id) override;
  Result<std::vector<std::string>> items(const std::string& id) override;
  Result<void> set_items(const std::string& id, const std::vector<std::string>& videos) override;

 private:
  SqlitePool& pool_;
  WallClock now_;
};

class SqliteEventLog : public EventLog {
 public:
  explicit SqliteEventLog(SqlitePool& pool) : pool_(pool) {}
  Result<std::vector<Event>> after(const std::string& subject, std::int64_t number, int limit) override;
  Result<std::int64_t> head() override;
  Result<Changes> changes(std::int64_t since) override;

 private:
  SqlitePool& pool_;
};

class SqliteIdempotencyStore : public IdempotencyStore {
 public:
  explicit SqliteIdempotencyStore(SqlitePool& pool, WallClock now = wall_clock_ms)
      : pool_(pool), now_(std::move(now)) {}
  Result<std::optional<FirstAnswer>> find(const std::string& owner, const std::string& key) override;
  Result<void> keep(const std::string& owner, const std::string& key, const FirstAnswer& answer) override;
  Result<void> forget_before(std::int64_t at_ms) override;

 private:
  SqlitePool& pool_;
  WallClock now_;
};

}  // namespace vf::store
