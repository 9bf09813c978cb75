// The platform that handlers work with, over real stores in a folder of the test's own.
#pragma once

#include <atomic>
#include <stdexcept>

#include "blob/fs/fs_blob_store.h"
#include "http/platform.h"
#include "http/quotas.h"
#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_quotas.h"
#include "store/sqlite/sqlite_videos.h"
#include "support/temp_folder.h"

namespace vf::http::testing {

using vf::test::TempFolder;

// One kind, "transcode", whose orders are always complete.
class TestKinds : public jobs::Kinds {
 public:
  std::vector<std::string> names() const override { return {"transcode"}; }
  Result<json::value> check(const std::string& kind, const json::value&) const override {
    if (kind != "transcode") return fail(ErrorCode::invalid_argument, "There is only transcode.");
    return json::value(json::object{{"checked", true}});
  }
  std::vector<std::string> videos_read(const std::string&, const json::value&) const override { return {}; }
};

// `root` outlives it; a second one over the same folder is what a server sees that was started again.
class TestPlatform {
 public:
  explicit TestPlatform(const std::filesystem::path& root)
      : pool(must(store::SqlitePool::open(root / "test.db", 2))), blobs(must(blob::open_fs_blob_store(root))) {
    must(make_folder(root / "uploads"));
  }
  template <typename T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message + " " + result.error().detail);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  std::atomic<std::int64_t> shift_ms = 0;  // the platform's clock beside the wall's
  std::unique_ptr<store::SqlitePool> pool;
  std::unique_ptr<blob::BlobStore> blobs;
  store::SqliteVideoStore videos{*pool};
  store::SqliteJobStore jobs{*pool};
  store::SqliteUploadStore uploads{*pool};
  store::SqlitePlaylistStore playlists{*pool};
  store::SqliteEventLog events{*pool};
  store::SqliteIdempotencyStore idempotency{*pool};
  std::unique_ptr<store::QuotaStore> quota_store = store::sqlite_quota_store(*pool);
  Quotas quotas{*quota_store, {}, [this] { return wall_clock_ms() + shift_ms; }};
  TestKinds kinds;
  auth::LinkSigner links{std::string(32, 'k')};
  std::atomic<int> rings = 0;

  Platform platform(const std::filesystem::path& root) {
    Platform out{{},
                 videos,
                 jobs,
                 uploads,
                 playlists,
                 events,
                 idempotency,
                 *blobs,
                 kinds,
                 links,
                 root / "uploads",
                 [this] { return wall_clock_ms() + shift_ms; },
                 [this] { ++rings; },
                 {},
                 {}};
    out.quotas = &quotas;
    return out;
  }
};

}  // namespace vf::http::testing
