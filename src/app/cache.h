// Looking at the work folder, and keeping it small.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "blob/blob_store.h"
#include "store/checkpoint_store.h"

namespace vf::app {

struct CacheKind {
  std::string kind;
  std::int64_t checkpoints = 0;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(CacheKind, (), (kind, checkpoints, bytes))

struct CacheReport {
  std::string folder;
  std::int64_t checkpoints = 0;
  std::int64_t bytes = 0;
  std::vector<CacheKind> kinds;
};
BOOST_DESCRIBE_STRUCT(CacheReport, (), (folder, checkpoints, bytes, kinds))

struct TrimReport {
  std::int64_t removed_checkpoints = 0;
  std::int64_t freed_bytes = 0;
  std::int64_t kept_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(TrimReport, (), (removed_checkpoints, freed_bytes, kept_bytes))

// `work` empty: the default folder. Errors: what opening it says.
Result<CacheReport> show_cache(const std::filesystem::path& work);
Result<TrimReport> trim_cache(const std::filesystem::path& work, std::int64_t max_bytes);

// The same on an open store. `spare_seconds`: what was used or written since then is left alone,
// because another process may be about to read it.
Result<TrimReport> trim_cache(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, std::int64_t max_bytes,
                              std::int64_t spare_seconds);

// "500M", "10G", "1.5 GiB", "0": bytes, with K, M, G, T as powers of 1024. Errors: invalid_argument.
Result<std::int64_t> parse_size(const std::string& text);

}  // namespace vf::app
