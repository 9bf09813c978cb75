#include "app/engine.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cache.h"
#include "base/sha256.h"
#include "blob/fs/fs_blob_store.h"
#include "pipeline/stage_child.h"
#include "store/sqlite/sqlite_checkpoint_store.h"

namespace vf::app {
namespace {

namespace fs = std::filesystem;

// What a work folder may keep between runs; `videoforge cache trim` goes lower.
constexpr std::int64_t kCacheBytes = 40LL << 30;
constexpr std::int64_t kSpareSeconds = 24 * 3600;

fs::path home() {
  const char* value = std::getenv("HOME");
  return value && *value ? fs::path(value) : fs::temp_directory_path();
}

// Folders of runs without a cache that did not come to their end; a living one holds its lock.
void clear_private_folders(const fs::path& folder) {
  std::error_code ec;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
    const auto fd = open_folder(at->path());
    std::error_code ignored;
    if (fd && try_lock(fd->get(), true)) fs::remove_all(at->path(), ignored);
  }
}

Result<UniqueFd> use_work_folder(const fs::path& folder) {
  VF_CHECK(make_folder(folder));
  auto fd = VF_TRY(open_folder(folder));
  // Held alone only for the moments of a trim.
  while (::flock(fd.get(), LOCK_SH) != 0 && errno == EINTR) {
  }
  return fd;
}

}  // namespace

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::int64_t available_memory() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  std::int64_t kib = 0;
  std::string unit;
  while (meminfo >> name >> kib) {
    if (name == "MemAvailable:") return kib << 10;
    std::getline(meminfo, unit);
  }
  return 2LL << 30;
}

fs::path default_work_folder() {
  if (const char* work = std::getenv("VIDEOFORGE_WORK"); work && *work) return work;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return fs::path(cache) / "videoforge";
  return home() / ".cache" / "videoforge";
}

Result<Engine> Engine::open(const EngineOptions& options) {
  Engine engine;
  engine.work_ = options.work.empty() ? default_work_folder() : options.work;
  clear_private_folders(engine.work_ / "private");
  if (!options.cache) {
    const auto born = std::chrono::steady_clock::now().time_since_epoch().count();
    engine.work_ = engine.work_ / "private" / fmt::format("{}-{}", ::getpid(), born);
    engine.private_folder_ = engine.work_;
  }
  engine.in_use_ = VF_TRY(use_work_folder(engine.work_));
  engine.blobs_ = VF_TRY(blob::open_fs_blob_store(engine.work_));
  engine.checkpoints_ = VF_TRY(store::open_sqlite_checkpoint_store(engine.work_ / "checkpoints.db"));
  engine.nursery_ = std::make_unique<media::Nursery>(VF_TRY(media::Nursery::create({})));
  engine.runner_options_.workers = options.workers > 0 ? options.workers : usable_processors();
  engine.runner_options_.memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : available_memory() / 4 * 3;
  return engine;
}

Engine::~Engine() {
  if (private_folder_.empty()) return;
  checkpoints_.reset();
  blobs_.reset();
  try {
    std::error_code ignored;
    fs::remove_all(private_folder_, ignored);
  } catch (const std::bad_alloc&) {
    // The next run clears it.
  }
}

Result<void> Engine::trim_when_alone() {
  if (!keeps_cache() || !try_lock(in_use_.get(), true)) return {};
  VF_CHECK(trim_cache(*blobs_, *checkpoints_, kCacheBytes, kSpareSeconds));
  (void)try_lock(in_use_.get(), false);
  return {};
}

pipeline::Runner Engine::runner() { return {*blobs_, *checkpoints_, *nursery_, runner_options_}; }

Result<SourceFile> open_source(store::CheckpointStore& checkpoints, const fs::path& path,
                               const std::function<bool(double)>& progress) {
  SourceFile file{path, VF_TRY(open_for_read(path)), {}};
  struct stat st{};
  if (::fstat(file.fd.get(), &st) != 0)
    return std::unexpected(system_error(errno, fmt::format("read '{}'", path.string())));
  if (S_ISDIR(st.st_mode))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is a folder; name a video file in it.", path.string()));
  if (!S_ISREG(st.st_mode))
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is not a regular file; copy the video to a file first.", path.string()));
  const auto nanoseconds = [](const timespec& t) {
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
  };
  const store::FileIdentity identity{static_cast<std::int64_t>(st.st_dev), static_cast<std::int64_t>(st.st_ino),
                                     st.st_size, nanoseconds(st.st_mtim), nanoseconds(st.st_ctim)};
  auto known = VF_TRY(checkpoints.find_source(identity));
  const auto size = std::max<std::int64_t>(1, st.st_size);
  if (!known) {
    known = VF_TRY(sha256_file(file.fd.get(), [&](std::int64_t done) {
      return !progress || progress(static_cast<double>(done) / static_cast<double>(size));
    }));
    VF_CHECK(checkpoints.remember_source(identity, *known));
  }
  file.blob = {*known, st.st_size};
  return file;
}

}  // namespace vf::app
