#include "app/engine.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "blob/fs/fs_blob_store.h"
#include "pipeline/stage_child.h"
#include "store/sqlite/sqlite_checkpoint_store.h"

namespace vf::app {
namespace {

namespace fs = std::filesystem;

fs::path home() {
  const char* value = std::getenv("HOME");
  return value && *value ? fs::path(value) : fs::temp_directory_path();
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
  auto folder = engine.work_;
  if (!options.cache) folder = engine.private_folder_ = engine.work_ / "private" / std::to_string(::getpid());
  engine.blobs_ = VF_TRY(blob::open_fs_blob_store(folder));
  engine.checkpoints_ = VF_TRY(store::open_sqlite_checkpoint_store(folder / "checkpoints.db"));
  engine.nursery_ = std::make_unique<media::Nursery>(VF_TRY(media::Nursery::create({})));
  engine.runner_options_.workers = options.workers > 0 ? options.workers : usable_processors();
  engine.runner_options_.memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : available_memory() / 4 * 3;
  return engine;
}

Engine::~Engine() {
  if (private_folder_.empty()) return;
  checkpoints_.reset();
  std::error_code ignored;
  fs::remove_all(private_folder_, ignored);
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
