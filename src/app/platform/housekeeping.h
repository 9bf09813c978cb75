// What a server tidies up by itself: expired videos, archives and uploads, answers that are kept for
// repetitions, finished stages beyond their bound, and bytes that nobody names any more.
#pragma once

#include <functional>

#include "app/platform/config.h"
#include "app/platform/storage.h"
#include "http/platform.h"
#include "telemetry/log.h"

namespace vf::app {

struct Swept {
  std::int64_t videos = 0;
  std::int64_t results = 0;  // of jobs
  std::int64_t uploads = 0;
  std::int64_t blobs = 0;
  std::int64_t bytes = 0;  // of those
};

// What is due now, by `now_ms`; bounded, so that a large heap is worked off in several rounds.
Result<Swept> sweep_expired(Storage& storage, http::Platform& platform, std::int64_t now_ms);

// An account's end is the end of its videos, jobs and whatever else it owned. What a crash leaves of that,
// sweep_expired finishes.
Result<void> remove_everything_of(Storage& storage, const std::string& user);

// Blobs that nobody names and that are older than a day.
Result<std::vector<blob::BlobStat>> find_orphans(Storage& storage);

// Forgets finished stages beyond `cache_bytes` and removes blobs that nobody names. Spares what is younger
// than a day: it may be on its way into a row.
Result<Swept> collect_blobs(Storage& storage, std::int64_t cache_bytes);

// Blobs that rows name and the store lacks, by a look at every one.
struct Missing {
  std::vector<std::string> blobs;   // SHA-256
  std::vector<std::string> videos;  // that need one of them
};
Result<Missing> find_missing(Storage& storage);

}  // namespace vf::app
