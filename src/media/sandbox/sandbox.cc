#include "media/sandbox/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "media/sandbox/landlock.h"
#include "media/sandbox/sanitized.h"
#include "media/sandbox/syscalls.h"

namespace vf::media {
namespace {

// Compiled once a process by prepare_sandbox(); children inherit it. Single-threaded by contract.
std::vector<sock_filter>& compiled_filter() {
  static std::vector<sock_filter> filter;
  return filter;
}

Result<void> set_flag(int option, unsigned long value, std::string_view what) {
  if (::prctl(option, value, 0, 0, 0) != 0) return std::unexpected(system_error(errno, what));
  return {};
}

Result<void> set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard, std::string_view what) {
  // A hard limit that is lower already stays: only root may raise one.
  rlimit now{};
  if (::getrlimit(resource, &now) == 0) {
    hard = std::min(hard, now.rlim_max);
    soft = std::min(soft, hard);
  }
  const rlimit wanted{soft, hard};
  if (::setrlimit(resource, &wanted) != 0) return std::unexpected(system_error(errno, what));
  return {};
}

Result<void> set_limits(const Limits& limits) {
  // SIGXCPU ends the process at the soft limit; a child that handles it meets SIGKILL a second later.
  const auto cpu = static_cast<rlim_t>(std::ceil(limits.cpu_seconds));
  const auto bytes = static_cast<rlim_t>(limits.output_bytes);
  VF_CHECK(set_limit(RLIMIT_CPU, cpu, cpu + 1, "limit processor time"));
  VF_CHECK(set_limit(RLIMIT_FSIZE, bytes, bytes, "limit file sizes"));
  // Threads that are made later inherit it. As nice as can be is nice enough.
  if (limits.nice > 0) (void)::nice(limits.nice);
  VF_CHECK(set_limit(RLIMIT_CORE, 0, 0, "switch off core files"));
#ifdef VF_SANITIZED
  return {};  // the runtime opens pipes
#else
  // Descriptors that are open stay; no number is left for another one.
  return set_limit(RLIMIT_NOFILE, 0, 0, "limit descriptors");
#endif
}

Result<void> drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return std::unexpected(system_error(errno, "drop capabilities"));
  return {};
}

// A second thread would stay outside of Landlock. Sanitizer runtimes may have one of their own.
Result<void> require_single_thread() {
#ifndef VF_SANITIZED
  struct stat tasks{};
  if (::stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
    return fail(ErrorCode::internal, "The sandbox must be entered before the first thread starts.");
#endif
  return {};
}

Result<void> install_filter(std::vector<sock_filter>& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    return std::unexpected(system_error(errno, "enter the sandbox's system call filter"));
  return {};
}

}  // namespace

Result<void> prepare_sandbox() {
  if (compiled_filter().empty()) compiled_filter() = VF_TRY(sandbox::compile_filter());
  return {};
}

Result<SandboxState> enter_sandbox(const Limits& limits) {
  if (!valid(limits)) return fail(ErrorCode::invalid_argument, "Every cap of the sandbox must be greater than zero.");
  VF_CHECK(require_single_thread());
  VF_CHECK(prepare_sandbox());
  VF_CHECK(drop_capabilities());
  VF_CHECK(set_flag(PR_SET_DUMPABLE, 0, "hide the child's memory from other processes"));
  VF_CHECK(set_flag(PR_SET_PDEATHSIG, SIGKILL, "tie the child's life to its parent's"));
  VF_CHECK(set_flag(PR_SET_NO_NEW_PRIVS, 1, "give up new privileges"));
  SandboxState state;
  state.landlock_abi = sandbox::landlock_abi();
  VF_CHECK(sandbox::restrict_by_landlock(state.landlock_abi));
  VF_CHECK(set_limits(limits));
  VF_CHECK(install_filter(compiled_filter()));
  state.network_by_landlock = state.landlock_abi >= 4;
  state.signals_by_landlock = state.landlock_abi >= 6;
  state.allowed_calls = static_cast<int>(sandbox::allowed_syscalls().size());
  return state;
}

}  // namespace vf::media
