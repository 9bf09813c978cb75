// The system calls a sandboxed child may make: one table, at most 60 rows, a reason for each.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <linux/filter.h>

#include "base/error.h"

namespace vf::media::sandbox {

// Which arguments are allowed.
enum class Arguments {
  any,
  no_exec,       // mmap, mprotect: protection without PROT_EXEC
  pthread_only,  // clone: exactly the flags of glibc's pthread_create, so never a process
  set_name,      // prctl: PR_SET_NAME
  own_query,     // prlimit64: this process, no new value
  get_flags,     // fcntl: F_GETFL, F_GETFD
};

struct SyscallRow {
  std::string_view name;  // as libseccomp resolves it on this architecture
  Arguments arguments;
  std::string_view reason;
};

inline constexpr int kMaxAllowedCalls = 60;

// Everything allowed. In sanitizer builds a few rows more, which the runtimes need.
std::span<const SyscallRow> allowed_syscalls();

// The filter as BPF: the table's calls pass; calls whose callers have a fallback end with ENOSYS;
// every other call ends with EPERM, and one of a foreign architecture (x32, i386) with SIGSYS.
Result<std::vector<sock_filter>> compile_filter();

}  // namespace vf::media::sandbox
