// The port for checkpoints: which stages are done, and what they left. Adapters: store/sqlite.
//
// Thread-safe. A checkpoint is visible after commit() returned, and durable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "jobs/plan.h"

namespace vf::store {

struct Checkpoint {
  std::string key;
  std::string kind;
  jobs::StageOutput output;
  jobs::StageUsage usage;
};

// A file as the operating system knows it: as long as none of these change, neither did its bytes.
struct FileIdentity {
  std::int64_t device = 0;
  std::int64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

struct CacheKindRow {
  std::string kind;
  std::int64_t checkpoints = 0;
  std::int64_t bytes = 0;  // of the blobs its checkpoints name; a shared blob counts at each
};

struct CacheSummary {
  std::vector<CacheKindRow> kinds;
  std::int64_t checkpoints = 0;
  std::int64_t bytes = 0;  // every blob once
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  // Marks it as used now.
  virtual Result<std::optional<Checkpoint>> find(const std::string& key) = 0;

  // The first output committed for a key wins; returns the one that stands.
  virtual Result<Checkpoint> commit(const Checkpoint& checkpoint) = 0;

  virtual Result<void> forget(const std::string& key) = 0;

  // SHA-256 of a file's bytes, so that an unchanged file is hashed once.
  virtual Result<std::optional<std::string>> find_source(const FileIdentity& file) = 0;
  virtual Result<void> remember_source(const FileIdentity& file, const std::string& sha256) = 0;

  virtual Result<CacheSummary> summary() = 0;

  // Forgets the least recently used checkpoints until the blobs named by the rest are at most
  // `max_bytes`. Spares what was used within `spare_seconds`. Returns how many it forgot.
  virtual Result<std::int64_t> trim(std::int64_t max_bytes, std::int64_t spare_seconds) = 0;

  // Every blob that some checkpoint names.
  virtual Result<std::vector<std::string>> referenced_blobs() = 0;
};

}  // namespace vf::store
