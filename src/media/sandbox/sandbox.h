// The child's side of the sandbox: after enter_sandbox() this process reads and writes the
// descriptors it already has, computes, starts threads, and can do nothing else.
//
// Layers, each of which would do alone for most attacks: no new privileges and no capabilities,
// resource limits, Landlock with an empty rule set (no file system, no network, no signals outside),
// and a seccomp filter that denies every system call outside one short table (syscalls.h).
#pragma once

#include "base/error.h"
#include "media/sandbox/limits.h"

namespace vf::media {

// What holds in this process; fields tell what this kernel offered.
struct SandboxState {
  int landlock_abi = 0;              // 0: the kernel has no Landlock; seccomp alone denies every open
  bool network_by_landlock = false;  // ABI 4
  bool signals_by_landlock = false;  // ABI 6
  int allowed_calls = 0;
};
BOOST_DESCRIBE_STRUCT(SandboxState, (), (landlock_abi, network_by_landlock, signals_by_landlock, allowed_calls))

// Does the slow part (compiling the filter) once, so that children forked afterwards inherit it.
Result<void> prepare_sandbox();

// Enters, for good. To be called before the first thread and the first input byte; no_new_privs,
// limits and filter pass on to every thread started later. The process is killed when its parent
// dies. Errors (internal): a thread exists already, or the kernel lacks seccomp filters; the caller
// must then end the process.
Result<SandboxState> enter_sandbox(const Limits& limits);

}  // namespace vf::media
