// The port for playlists: ordered lists of videos. Thread-safe; each call is one transaction.
#pragma once

#include "store/videos.h"

namespace vf::store {

struct Playlist {
  std::string id;
  std::string owner;
  std::string title;
  std::string description;
  std::string visibility;  // public, unlisted, private
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t items = 0;
  std::int64_t open_items = 0;  // those that are not private
};

struct PlaylistChange {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::string> visibility;
};

class PlaylistStore {
 public:
  virtual ~PlaylistStore() = default;
  virtual Result<void> create(const Playlist& playlist) = 0;
  virtual Result<std::optional<Playlist>> find(const std::string& id) = 0;
  virtual Result<Page<Playlist>> list(const std::string& owner, const std::string& visibility, int limit,
                                      const std::optional<Cursor>& from) = 0;
  virtual Result<bool> change(const std::string& id, const PlaylistChange& change) = 0;
  virtual Result<bool> remove(const std::string& id) = 0;
  virtual Result<std::vector<std::string>> items(const std::string& id) = 0;  // ids of videos, in order
  // The whole order at once; at most 5,000. Errors: not_found (a video that does not exist), conflict (twice).
  virtual Result<void> set_items(const std::string& id, const std::vector<std::string>& videos) = 0;
};

}  // namespace vf::store
