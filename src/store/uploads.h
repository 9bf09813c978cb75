// The port for uploads on their way in, and for the moment they become a video. Thread-safe.
#pragma once

#include "store/jobs.h"
#include "store/videos.h"

namespace vf::store {

struct Upload {
  std::string id;
  std::string owner;
  std::string protocol;  // tus, presigned, multipart, import
  std::string state;     // open, done, failed
  std::string file_name;
  std::optional<std::int64_t> size;  // declared bytes
  std::string metadata;              // tus Upload-Metadata, as it came
  json::value details;               // of the video to be: title, visibility, tags ...
  std::optional<std::string> video;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;
  std::string trace;  // traceparent of the request that began it; empty: nobody follows it
};

// A whole upload: bytes that are in the blob store now.
struct Accepted {
  std::string upload;  // id; empty where none was registered
  Video video;         // id, owner, title ..., source; the state becomes "processing", or "uploading" without one
  std::optional<NewJob> job;
};

class UploadStore {
 public:
  virtual ~UploadStore() = default;

  virtual Result<void> create(const Upload& upload) = 0;
  virtual Result<std::optional<Upload>> find(const std::string& id) = 0;
  // Bytes that an upload of unknown length will have after what comes now; it never shrinks.
  virtual Result<void> reserve(const std::string& id, std::int64_t bytes) = 0;
  virtual Result<void> declare_size(const std::string& id, std::int64_t size) = 0;
  virtual Result<void> keep_until(const std::string& id, std::int64_t expires_ms) = 0;
  virtual Result<bool> remove(const std::string& id) = 0;

  // Video, its first job and their events at once. Taken once: a second call for the same upload returns
  // what the first made.
  struct Made {
    Video video;
    std::optional<Job> job;
  };
  virtual Result<Made> accept(const Accepted& accepted) = 0;
  // What that call made; nothing before it.
  virtual Result<std::optional<Made>> made(const std::string& id) = 0;

  virtual Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) = 0;
  // Those that are not done: for disk space that was promised.
  struct Open {
    std::string id;
    std::string protocol;
    std::optional<std::int64_t> size;
  };
  virtual Result<std::vector<Open>> open() = 0;
  // Bytes declared by an owner's open uploads, and uploads begun since then.
  struct Pending {
    std::int64_t bytes = 0;
    std::int64_t begun = 0;
  };
  virtual Result<Pending> pending(const std::string& owner, std::int64_t since_ms) = 0;
};

// First answers to POSTs with an Idempotency-Key.
struct FirstAnswer {
  std::string request;  // SHA-256 of what was asked
  int status = 0;
  std::string body;
  std::string location;  // the field Location; empty: there was none
};

class IdempotencyStore {
 public:
  virtual ~IdempotencyStore() = default;
  virtual Result<std::optional<FirstAnswer>> find(const std::string& owner, const std::string& key) = 0;
  // The first one wins.
  virtual Result<void> keep(const std::string& owner, const std::string& key, const FirstAnswer& answer) = 0;
  virtual Result<void> forget_before(std::int64_t at_ms) = 0;
};

}  // namespace vf::store
