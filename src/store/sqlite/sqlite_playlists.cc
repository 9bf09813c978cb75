#include <set>

#include "store/sqlite/sqlite_videos.h"

namespace vf::store {
namespace {

constexpr const char* kColumns =
    "id, owner, title, description, visibility, created_at, updated_at, (SELECT COUNT(*) FROM playlist_items WHERE "
    "playlist = playlists.id), (SELECT COUNT(*) FROM playlist_items i JOIN videos v ON v.id = i.video WHERE i.playlist "
    "= "
    "playlists.id AND v.visibility <> 'private')";

Playlist read_playlist(const Statement& row) {
  return {row.text(0),   row.text(1),   row.text(2),   row.text(3),  row.text(4),
          row.number(5), row.number(6), row.number(7), row.number(8)};
}

}  // namespace

Result<void> SqlitePlaylistStore::create(const Playlist& p) {
  return pool_.write([&](Database& db) -> Result<void> {
    return VF_TRY(
               db.prepare("INSERT INTO playlists (id, owner, title, description, visibility, created_at, updated_at) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?)"))
        .bind(p.id)
        .bind(p.owner)
        .bind(p.title)
        .bind(p.description)
        .bind(p.visibility)
        .bind(p.created_ms)
        .bind(p.updated_ms)
        .run();
  });
}

Result<std::optional<Playlist>> SqlitePlaylistStore::find(const std::string& id) {
  return pool_.read([&](Database& db) -> Result<std::optional<Playlist>> {
    auto row = VF_TRY(db.prepare(fmt::format("SELECT {} FROM playlists WHERE id = ?", kColumns)));
    row.bind(id);
    if (!VF_TRY(row.step())) return std::nullopt;
    return read_playlist(row);
  });
}

Result<Page<Playlist>> SqlitePlaylistStore::list(const std::string& owner, const std::string& visibility, int limit,
                                                 const std::optional<Cursor>& from) {
  return pool_.read([&](Database& db) -> Result<Page<Playlist>> {
    auto rows = VF_TRY(db.prepare(fmt::format(
        "SELECT {} FROM playlists WHERE (?1 = '' OR owner = ?1) AND (?2 = '' OR visibility = ?2) AND (?3 IS NULL OR "
        "(created_at, id) < (?3, ?4)) ORDER BY created_at DESC, id DESC LIMIT ?5",
        kColumns)));
    rows.bind(owner).bind(visibility);
    rows.bind(from ? std::optional(from->at_ms) : std::nullopt).bind(from ? from->id : std::string()).bind(limit + 1);
    Page<Playlist> page;
    while (VF_TRY(rows.step())) page.items.push_back(read_playlist(rows));
    if (page.items.size() > static_cast<std::size_t>(limit)) {
      page.items.pop_back();
      page.next = Cursor{page.items.back().created_ms, page.items.back().id};
    }
    return page;
  });
}

Result<bool> SqlitePlaylistStore::change(const std::string& id, const PlaylistChange& change) {
  return pool_.write([&](Database& db) -> Result<bool> {
    VF_CHECK(
        VF_TRY(db.prepare("UPDATE playlists SET title = COALESCE(?, title), description = COALESCE(?, description), "
                          "visibility = COALESCE(?, visibility), updated_at = ? WHERE id = ?"))
            .bind(change.title)
            .bind(change.description)
            .bind(change.visibility)
            .bind(now_())
            .bind(id)
            .run());
    return db.changes() > 0;
  });
}

Result<bool> SqlitePlaylistStore::remove(const std::string& id) {
  return pool_.write([&](Database& db) -> Result<bool> {
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM playlists WHERE id = ?")).bind(id).run());
    return db.changes() > 0;
  });
}

Result<std::vector<std::string>> SqlitePlaylistStore::items(const std::string& id) {
  return pool_.read([&](Database& db) -> Result<std::vector<std::string>> {
    auto rows = VF_TRY(db.prepare("SELECT video FROM playlist_items WHERE playlist = ? ORDER BY position"));
    rows.bind(id);
    return texts(std::move(rows));
  });
}

Result<void> SqlitePlaylistStore::set_items(const std::string& id, const std::vector<std::string>& videos) {
  if (std::set<std::string>(videos.begin(), videos.end()).size() != videos.size())
    return fail(ErrorCode::conflict, "A video stands in a playlist once; the list names one twice.");
  return pool_.write([&](Database& db) -> Result<void> {
    VF_CHECK(VF_TRY(db.prepare("DELETE FROM playlist_items WHERE playlist = ?")).bind(id).run());
    for (std::size_t i = 0; i < videos.size(); ++i) {
      if (!VF_TRY(find_video(db, videos[i])))
        return fail(ErrorCode::not_found, fmt::format("There is no video {}.", videos[i]));
      VF_CHECK(VF_TRY(db.prepare("INSERT INTO playlist_items (playlist, position, video) VALUES (?, ?, ?)"))
                   .bind(id)
                   .bind(i)
                   .bind(videos[i])
                   .run());
    }
    return VF_TRY(db.prepare("UPDATE playlists SET updated_at = ? WHERE id = ?")).bind(now_()).bind(id).run();
  });
}

}  // namespace vf::store
