#include "app/platform/housekeeping.h"

#include <unordered_set>

#include "http/uploads.h"

namespace vf::app {
namespace {

constexpr int kAtOnce = 200;
constexpr std::int64_t kSpareSeconds = 24 * 3600;
constexpr std::int64_t kWatchMs = 12LL * 3600 * 1000;  // longer than anybody watches one film
constexpr std::int64_t kKeepAnswersMs = 24LL * 3600 * 1000;

}  // namespace

Result<void> remove_everything_of(Storage& storage, const std::string& user) {
  while (true) {
    const auto page = VF_TRY(storage.videos->list({.owner = user}, kAtOnce, {}));
    if (page.items.empty()) break;
    for (const auto& video : page.items) VF_TRY(storage.videos->remove(video.id));
  }
  while (true) {
    const auto page = VF_TRY(storage.jobs->list({.owner = user}, kAtOnce, {}));
    if (page.items.empty()) break;
    for (const auto& job : page.items) VF_TRY(storage.jobs->remove(job.id));
  }
  while (true) {
    const auto page = VF_TRY(storage.assets->list(user, "", kAtOnce, {}));
    if (page.items.empty()) break;
    for (const auto& asset : page.items) VF_TRY(storage.assets->remove(asset.id));
  }
  return storage.videos->forget_owner(user);
}

Result<Swept> sweep_expired(Storage& storage, http::Platform& platform, std::int64_t now_ms) {
  Swept out;
  for (const auto& id : VF_TRY(storage.videos->expired(now_ms, kAtOnce)))
    out.videos += VF_TRY(storage.videos->remove(id)) ? 1 : 0;
  for (const auto& id : VF_TRY(storage.jobs->expired(now_ms, kAtOnce)))
    out.results += VF_TRY(storage.jobs->remove(id)) ? 1 : 0;
  VF_TRY(storage.videos->forget_heads(now_ms - kWatchMs, kAtOnce));
  for (const auto& owner : VF_TRY(storage.videos->ownerless(kAtOnce))) VF_CHECK(remove_everything_of(storage, owner));
  VF_CHECK(storage.idempotency->forget_before(now_ms - kKeepAnswersMs));
  out.uploads = http::sweep_uploads(platform);
  return out;
}

Result<std::vector<blob::BlobStat>> find_orphans(Storage& storage) {
  std::unordered_set<std::string> named;
  for (auto& sha256 : VF_TRY(storage.checkpoints->referenced_blobs())) named.insert(std::move(sha256));
  for (auto& sha256 : VF_TRY(storage.videos->referenced_blobs())) named.insert(std::move(sha256));
  std::vector<blob::BlobStat> out;
  for (auto& blob : VF_TRY(storage.blobs->list()))
    if (!named.contains(blob.sha256) && blob.age_seconds >= kSpareSeconds) out.push_back(std::move(blob));
  return out;
}

Result<Swept> collect_blobs(Storage& storage, std::int64_t cache_bytes) {
  Swept out;
  VF_TRY(storage.checkpoints->trim(cache_bytes, kSpareSeconds));
  for (const auto& blob : VF_TRY(find_orphans(storage))) {
    VF_CHECK(storage.blobs->remove(blob.sha256));
    ++out.blobs;
    out.bytes += blob.size;
  }
  return out;
}

Result<Missing> find_missing(Storage& storage) {
  Missing out;
  std::unordered_set<std::string> there;
  for (const auto& blob : VF_TRY(storage.blobs->list())) there.insert(blob.sha256);
  for (const auto& sha256 : VF_TRY(storage.videos->referenced_blobs()))
    if (!there.contains(sha256)) out.blobs.push_back(sha256);
  const std::unordered_set<std::string> gone(out.blobs.begin(), out.blobs.end());
  std::optional<store::Cursor> from;
  do {
    const auto page = VF_TRY(storage.videos->list({}, 100, from));
    for (const auto& video : page.items) {
      bool hurt = video.source && gone.contains(video.source->sha256);
      for (const auto& file : VF_TRY(storage.videos->files(video.id)))
        for (const auto& part : file.parts) hurt = hurt || gone.contains(part.sha256);
      if (hurt) out.videos.push_back(video.id);
    }
    from = page.next;
  } while (from);
  return out;
}

}  // namespace vf::app
