#include "media/sandbox/report.h"

#include <cerrno>

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "media/sandbox/landlock.h"
#include "media/sandbox/syscalls.h"
#include "media/sandbox/usage.h"

namespace vf::media {
namespace {

// Whether the kernel takes filters that answer with an errno.
bool has_seccomp() {
  std::uint32_t action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

std::string words(sandbox::Arguments arguments) {
  using sandbox::Arguments;
  switch (arguments) {
    case Arguments::any:
      return "";
    case Arguments::no_exec:
      return "memory that is not executable";
    case Arguments::pthread_only:
      return "threads of this process";
    case Arguments::set_name:
      return "PR_SET_NAME";
    case Arguments::own_query:
      return "reading own limits";
    case Arguments::get_flags:
      return "F_GETFL, F_GETFD";
  }
  return "";
}

}  // namespace

SandboxReport describe_sandbox() {
  SandboxReport report;
  utsname name{};
  if (::uname(&name) == 0) report.kernel = name.release;
  report.seccomp = has_seccomp();
  report.landlock_abi = sandbox::landlock_abi();
  for (const auto denial : sandbox::landlock_denials(report.landlock_abi)) report.landlock_denies.emplace_back(denial);
  report.children_visible = sandbox::UsageProbe::open(::getpid()).has_value();
  for (const auto& row : sandbox::allowed_syscalls())
    report.allowed_calls.push_back({std::string(row.name), words(row.arguments), std::string(row.reason)});
  if (!report.seccomp) report.warnings.emplace_back("This kernel has no seccomp filters: no media can be read.");
  if (report.landlock_abi == 0)
    report.warnings.emplace_back(
        "This kernel has no Landlock: files and sockets are denied by the system call filter alone.");
  if (!report.children_visible)
    report.warnings.emplace_back("/proc hides processes: memory cannot be capped, so no media can be read.");
  return report;
}

}  // namespace vf::media
