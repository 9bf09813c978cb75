// The engine in one process: a work folder (blobs and checkpoints), a nursery of sandboxed children
// and a Runner over them. Configuration becomes objects here and nowhere else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "blob/blob_store.h"
#include "media/sandbox/child.h"
#include "pipeline/runner.h"
#include "store/checkpoint_store.h"

namespace vf::app {

struct EngineOptions {
  std::filesystem::path work;     // empty: the user's cache folder
  bool cache = true;              // false: a private folder inside `work`, removed at the end
  int workers = 0;                // executions at a time; 0 = the processors this process may use
  std::int64_t memory_bytes = 0;  // 0 = three quarters of what the machine has free now
};

// $VIDEOFORGE_WORK, else $XDG_CACHE_HOME/videoforge, else ~/.cache/videoforge.
std::filesystem::path default_work_folder();

// Processors that this process may use, at least 1.
int usable_processors();

// Memory that the machine could give now, in bytes.
std::int64_t available_memory();

class Engine {
 public:
  static Result<Engine> open(const EngineOptions& options);
  Engine(Engine&&) = default;
  ~Engine();

  blob::BlobStore& blobs() { return *blobs_; }
  store::CheckpointStore& checkpoints() { return *checkpoints_; }
  pipeline::Runner runner();
  const std::filesystem::path& work() const { return work_; }
  bool keeps_cache() const { return private_folder_.empty(); }

  // Forgets what is old while no other process works here; a no-op otherwise.
  Result<void> trim_when_alone();

 private:
  Engine() = default;
  std::filesystem::path work_;            // what is read and written: the cache, or the private folder
  std::filesystem::path private_folder_;  // removed when the engine goes; empty with a cache
  UniqueFd in_use_;                       // a shared lock on work_: nobody trims it, or clears it as left over
  pipeline::RunnerOptions runner_options_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<store::CheckpointStore> checkpoints_;
  std::unique_ptr<media::Nursery> nursery_;
};

// A file that a person named, opened, with its hash (from memory where the file did not change).
struct SourceFile {
  std::filesystem::path path;
  UniqueFd fd;
  jobs::BlobRef blob;

  pipeline::Source source() const { return {blob, fd.get()}; }
};

// `progress` is told the share read so far; returning false ends with ErrorCode::cancelled.
// Errors: not_found, invalid_argument (a folder, a device, not readable).
Result<SourceFile> open_source(store::CheckpointStore& checkpoints, const std::filesystem::path& path,
                               const std::function<bool(double)>& progress = {});

}  // namespace vf::app
