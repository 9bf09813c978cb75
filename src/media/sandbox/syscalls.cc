#include "media/sandbox/syscalls.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/sandbox/sanitized.h"

namespace vf::media::sandbox {
namespace {

constexpr SyscallRow kAllowed[] = {
    // Descriptors that the parent handed over. None can be opened here.
    {"read", Arguments::any, "read an input at its position"},
    {"pread64", Arguments::any, "read an input at an offset"},
    {"readv", Arguments::any, "read into several buffers"},
    {"preadv", Arguments::any, "read into several buffers at an offset"},
    {"write", Arguments::any, "write outputs, control lines and diagnostics"},
    {"pwrite64", Arguments::any, "write an output at an offset, as package does for the index"},
    {"writev", Arguments::any, "write several buffers as one"},
    {"pwritev", Arguments::any, "write several buffers at an offset"},
    {"lseek", Arguments::any, "move in an input or output"},
    {"fstat", Arguments::any, "size of an input by descriptor; the forms that take a path are denied"},
    {"ftruncate", Arguments::any, "set the length of an output"},
    {"fallocate", Arguments::any, "reserve the space of an output"},
    {"fsync", Arguments::any, "make an output durable"},
    {"fdatasync", Arguments::any, "make an output durable"},
    {"sendfile", Arguments::any, "copy an input's bytes to an output in the kernel"},
    {"copy_file_range", Arguments::any, "copy an input's bytes to an output in the kernel"},
    {"fadvise64", Arguments::any, "tell the page cache what is read next"},
    {"close", Arguments::any, "give up a descriptor"},
    {"fcntl", Arguments::get_flags, "ask how a descriptor was opened"},
    // Memory, never executable.
    {"mmap", Arguments::no_exec, "allocate frames and thread stacks"},
    {"munmap", Arguments::any, "free them"},
    {"mremap", Arguments::any, "grow a large allocation in place"},
    {"mprotect", Arguments::no_exec, "guard pages of stacks, growth of heaps"},
    {"madvise", Arguments::any, "return free memory, ask for large pages"},
    {"brk", Arguments::any, "grow the heap"},
    // Threads of this process.
    {"clone", Arguments::pthread_only, "start a thread; other flags, so processes, are denied"},
    {"futex", Arguments::any, "locks and condition variables"},
    {"set_robust_list", Arguments::any, "every new thread's bookkeeping"},
    {"rseq", Arguments::any, "every new thread's bookkeeping"},
    {"set_tid_address", Arguments::any, "every new thread's bookkeeping"},
    {"rt_sigprocmask", Arguments::any, "block signals while a thread starts"},
    {"rt_sigaction", Arguments::any, "codecs that look for processor features by a handler of their own"},
    {"rt_sigreturn", Arguments::any, "leave a signal handler"},
    {"gettid", Arguments::any, "a thread asks its number"},
    {"getpid", Arguments::any, "a process asks its number"},
    {"sched_yield", Arguments::any, "spinning codec threads"},
    {"sched_getaffinity", Arguments::any, "codecs count the processors"},
    {"sched_getparam", Arguments::any, "thread attributes of SVT-AV1"},
    {"sched_getscheduler", Arguments::any, "thread attributes of SVT-AV1"},
    {"getcpu", Arguments::any, "codecs choose a pool by processor"},
    {"prctl", Arguments::set_name, "name a thread; nothing else of prctl"},
    {"exit", Arguments::any, "end a thread"},
    {"exit_group", Arguments::any, "end the process"},
    // Time and the machine, read only.
    {"clock_gettime", Arguments::any, "time, where the machine has no vDSO clock"},
    {"clock_getres", Arguments::any, "precision of the clock"},
    {"gettimeofday", Arguments::any, "time, where the machine has no vDSO clock"},
    {"clock_nanosleep", Arguments::any, "wait"},
    {"nanosleep", Arguments::any, "wait"},
    {"restart_syscall", Arguments::any, "go on waiting after a stop and continue"},
    {"getrandom", Arguments::any, "seeds of hash tables, keys"},
    {"getrusage", Arguments::any, "processor time used, for progress"},
    {"sysinfo", Arguments::any, "memory of the machine, which encoders ask before they size pools"},
    {"prlimit64", Arguments::own_query, "read own limits: stack size of new threads"},
#ifdef VF_SANITIZED
    // Only in sanitizer builds.
    {"sigaltstack", Arguments::any, "sanitizer: stack of its signal handler"},
    {"pipe2", Arguments::any, "sanitizer: asks through a pipe whether memory can be read"},
    {"tgkill", Arguments::any, "sanitizer: abort after a report"},
#endif
};
static_assert(std::size(kAllowed) <= kMaxAllowedCalls);

// Callers of these try another way when told that the call does not exist: glibc falls back from
// clone3 to clone (whose flags can be checked), libnuma finds no nodes.
constexpr std::string_view kAbsent[] = {"clone3",        "set_mempolicy", "get_mempolicy", "mbind",
                                        "migrate_pages", "move_pages",    "membarrier"};

// The flags of glibc's pthread_create (nptl/pthread_create.c of glibc 2.36; unchanged since 2.x).
constexpr scmp_datum_t kPthreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND |
                                       CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

struct Filter {
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() { seccomp_release(context); }
};

int add(scmp_filter_ctx context, int call, std::initializer_list<scmp_arg_cmp> conditions) {
  return seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call, static_cast<unsigned>(conditions.size()),
                                conditions.begin());
}

int allow(scmp_filter_ctx context, const SyscallRow& row, int call) {
  switch (row.arguments) {
    case Arguments::any:
      return add(context, call, {});
    case Arguments::no_exec:
      return add(context, call, {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
    case Arguments::pthread_only:
      return add(context, call, {SCMP_A0_64(SCMP_CMP_EQ, kPthreadFlags)});
    case Arguments::set_name:
      return add(context, call, {SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME)});
    case Arguments::own_query:
      return add(context, call, {SCMP_A0_32(SCMP_CMP_EQ, 0), SCMP_A2_64(SCMP_CMP_EQ, 0)});
    case Arguments::get_flags: {
      const int first = add(context, call, {SCMP_A1_32(SCMP_CMP_EQ, F_GETFL)});
      return first != 0 ? first : add(context, call, {SCMP_A1_32(SCMP_CMP_EQ, F_GETFD)});
    }
  }
  return -EINVAL;
}

Error rule_error(std::string_view name, int negative_errno) {
  return system_error(-negative_errno, fmt::format("write the sandbox's rule for '{}'", name));
}

Result<std::vector<sock_filter>> export_bpf(scmp_filter_ctx context) {
  const UniqueFd memory(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!memory) return std::unexpected(system_error(errno, "reserve memory for the sandbox's filter"));
  if (const int rc = seccomp_export_bpf(context, memory.get()); rc != 0)
    return std::unexpected(rule_error("all calls", rc));
  const auto text = VF_TRY(read_whole(memory.get(), 1 << 20));
  std::vector<sock_filter> filter(text.size() / sizeof(sock_filter));
  std::copy_n(text.data(), filter.size() * sizeof(sock_filter), reinterpret_cast<char*>(filter.data()));
  return filter;
}

}  // namespace

std::span<const SyscallRow> allowed_syscalls() { return kAllowed; }

Result<std::vector<sock_filter>> compile_filter() {
  Filter filter;
  if (!filter.context) return fail(ErrorCode::internal, "The sandbox's filter cannot be built: libseccomp refused.");
  for (const auto& row : kAllowed) {
    const int call = seccomp_syscall_resolve_name(std::string(row.name).c_str());
    if (call < 0) continue;  // this architecture has no such call
    if (const int rc = allow(filter.context, row, call); rc != 0) return std::unexpected(rule_error(row.name, rc));
  }
  for (const auto name : kAbsent) {
    const int call = seccomp_syscall_resolve_name(std::string(name).c_str());
    if (call < 0) continue;
    if (const int rc = seccomp_rule_add(filter.context, SCMP_ACT_ERRNO(ENOSYS), call, 0); rc != 0)
      return std::unexpected(rule_error(name, rc));
  }
  return export_bpf(filter.context);
}

}  // namespace vf::media::sandbox
