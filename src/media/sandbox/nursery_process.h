// The nursery process as its parent holds it: start, ask for a child, end. Used by one thread only.
#pragma once

#include <span>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"
#include "media/sandbox/child.h"
#include "media/sandbox/fd_passing.h"

namespace vf::media::sandbox {

class NurseryProcess {
 public:
  explicit NurseryProcess(NurseryOptions options) : options_(std::move(options)) {}
  NurseryProcess(const NurseryProcess&) = delete;
  NurseryProcess& operator=(const NurseryProcess&) = delete;
  ~NurseryProcess() { end(); }

  // Starts the process unless it runs; does not wait until it is ready.
  Result<void> start();

  // One request; the process ends where it does not answer properly. Errors: unavailable.
  Result<SpawnReply> ask(const SpawnRequest& request, std::span<const int> fds);

  // Kills it: a late answer to one request must not meet the next.
  void abandon();

  // Asks it to go, and kills it if it does not; reaps it.
  void end();

  pid_t pid() const { return pid_; }

 private:
  NurseryOptions options_;
  UniqueFd socket_;
  pid_t pid_ = 0;
};

}  // namespace vf::media::sandbox
