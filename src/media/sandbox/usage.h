// What a running child uses, read from outside.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vf::media::sandbox {

struct Usage {
  std::int64_t memory_bytes = 0;  // resident and swapped out
  int threads = 0;
  double cpu_seconds = 0;  // all threads, also those that ended
};

// Reads /proc/PID/status, which the kernel lets everybody read, through one descriptor: it stays bound
// to that process even if the number is used again.
class UsageProbe {
 public:
  // `pid` is a child of this process that was not waited for. Error: internal, when /proc hides it.
  static Result<UsageProbe> open(pid_t pid);

  // Empty when the process ended. About 20 microseconds.
  std::optional<Usage> sample() const;

 private:
  UsageProbe(pid_t pid, UniqueFd status) : pid_(pid), status_(std::move(status)) {}
  pid_t pid_;
  UniqueFd status_;
};

}  // namespace vf::media::sandbox
