// The port for videos: their rows, their published files, their captions. Thread-safe; each call is one
// transaction and writes its events with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "jobs/plan.h"
#include "store/files.h"
#include "store/page.h"

namespace vf::store {

struct Video {
  std::string id;
  std::string owner;
  std::string title;
  std::string description;
  std::vector<std::string> tags;
  std::string visibility;  // public, unlisted, private
  std::string state;       // uploading, processing, playable, ready, failed
  std::string file_name;   // as the client called it; never part of a path
  std::optional<jobs::BlobRef> source;
  json::value info;  // what probe found; null before
  std::optional<std::int64_t> duration_ms;
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  json::value error;  // {code, message}; null unless failed
  std::string salt;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::int64_t> expires_ms;
};

// What a client may change; what is empty stays.
struct VideoChange {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> visibility;
  std::optional<std::optional<std::int64_t>> expires_ms;
  bool new_salt = false;  // revokes signed links
};

struct VideoFilter {
  std::string owner;                // empty: anybody's
  std::vector<std::string> states;  // empty: any
  std::string visibility;           // empty: any
  std::string text;                 // words in title, description or tags; empty: any
  std::string tag;
  std::optional<std::int64_t> min_duration_ms;
  std::optional<std::int64_t> max_duration_ms;
  std::string sort = "newest";  // newest, oldest, longest, updated
};

struct Caption {
  std::string language;  // BCP 47
  std::string label;
  std::string webvtt;
};

// What decides who may have a video's files.
struct VideoAccess {
  std::string id;
  std::string owner;
  std::string visibility;
  std::string state;
  std::string salt;  // of its links
};

class VideoStore {
 public:
  virtual ~VideoStore() = default;

  virtual Result<std::optional<VideoAccess>> access(const std::string& id) = 0;
  virtual Result<std::optional<Video>> find(const std::string& id) = 0;
  virtual Result<Page<Video>> list(const VideoFilter& filter, int limit, const std::optional<Cursor>& from) = 0;
  virtual Result<std::optional<Video>> change(const std::string& id, const VideoChange& change) = 0;

  // Its bytes are gone: it is failed, with that sentence.
  virtual Result<void> mark_damaged(const std::string& id, const std::string& why) = 0;

  // The row, its jobs, files and references; its blobs are left to collection. False: there was none.
  virtual Result<bool> remove(const std::string& id) = 0;

  virtual Result<std::vector<FileRow>> files(const std::string& subject) = 0;
  virtual Result<std::optional<FileRow>> file(const std::string& subject, const std::string& name) = 0;

  virtual Result<std::vector<Caption>> captions(const std::string& video) = 0;
  virtual Result<void> put_caption(const std::string& video, const Caption& caption) = 0;
  virtual Result<bool> remove_caption(const std::string& video, const std::string& language) = 0;

  // Those whose time has come.
  virtual Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) = 0;

  // Every blob that a video, a job or an upload needs.
  virtual Result<std::vector<std::string>> referenced_blobs() = 0;

  // What was shown of ready videos before their sets were proven, and before that time: forgotten. How many
  // videos that were.
  virtual Result<std::int64_t> forget_heads(std::int64_t before_ms, int limit) = 0;

  // Bytes and videos of one owner, for quotas.
  struct Usage {
    std::int64_t videos = 0;
    std::int64_t bytes = 0;
  };
  virtual Result<Usage> usage(const std::string& owner) = 0;

  // What is left of an owner whose videos and jobs are gone: playlists, uploads, kept answers, events, the use of
  // media.
  virtual Result<void> forget_owner(const std::string& owner) = 0;
  // Owners of videos, jobs or playlists who have no account any more.
  virtual Result<std::vector<std::string>> ownerless(int limit) = 0;

  // How many videos there are in each state.
  virtual Result<std::vector<std::pair<std::string, std::int64_t>>> count_by_state() = 0;
};

}  // namespace vf::store
