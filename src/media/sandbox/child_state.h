// Inside of Child: what the nursery hands to it. Only for this room.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <sys/stat.h>

#include "base/fd.h"
#include "media/sandbox/child.h"
#include "media/sandbox/usage.h"

namespace vf::media {

// A regular file the child may write, and its size before it did.
struct WatchedOutput {
  UniqueFd fd;
  std::int64_t before = 0;
};

struct Child::State {
  std::shared_ptr<void> nursery;  // its thread must outlive the child
  pid_t pid = -1;
  UniqueFd process;   // pidfd
  UniqueFd control;   // non-blocking
  UniqueFd messages;  // the child's stderr; non-blocking
  sandbox::UsageProbe usage;
  Limits limits;
  std::vector<WatchedOutput> outputs;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

// Own descriptors of those of `fds` that are regular files open for writing.
Result<std::vector<WatchedOutput>> watch_outputs(const std::vector<int>& fds);

// Bytes by which they grew together.
std::int64_t growth(const std::vector<WatchedOutput>& outputs);

}  // namespace vf::media
