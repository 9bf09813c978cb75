// Case 30 of the fault list: code that took over the decoder tries to get out. Every way is denied.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "media/sandbox/planted.h"
#include "media/sandbox/report.h"

namespace planted {
namespace {

int network(const Call& call) {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET}) {
    const int fd = ::socket(family, SOCK_STREAM, 0);
    call.attempt(fmt::format("socket {}", family), fd < 0);
  }
  int ends[2];
  call.attempt("socketpair", ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0);
  sockaddr_in loopback{
      .sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  call.attempt("connect", ::connect(call.control, reinterpret_cast<sockaddr*>(&loopback), sizeof(loopback)) != 0);
  return 0;
}

int files(const Call& call) {
  call.attempt("open /etc/passwd", ::open("/etc/passwd", O_RDONLY) < 0);
  call.attempt("raw openat", ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) < 0);
  call.attempt("raw open", ::syscall(SYS_open, "/etc/passwd", O_RDONLY) < 0);
  call.attempt("openat2", ::syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0) < 0);
  call.attempt("own memory", ::open("/proc/self/mem", O_RDWR) < 0);
  call.attempt("path of a descriptor", ::open("/proc/self/fd/3", O_RDONLY) < 0);
  call.attempt("create", ::open("/tmp/planted", O_CREAT | O_WRONLY, 0600) < 0);
  call.attempt("unlink", ::unlink("/tmp/planted") != 0);
  call.attempt("rename", ::rename("/tmp/planted", "/tmp/planted2") != 0);
  call.attempt("mkdir", ::mkdir("/tmp/planted-folder", 0700) != 0);
  struct stat st{};
  call.attempt("stat", ::stat("/etc/passwd", &st) != 0);
  call.attempt("access", ::access("/etc/passwd", R_OK) != 0);
  char target[64];
  call.attempt("readlink", ::readlink("/proc/self/exe", target, sizeof(target)) < 0);
  call.attempt("memfd_create", ::memfd_create("x", 0) < 0);
  call.attempt("chmod of a descriptor", ::fchmod(call.fds.empty() ? 0 : call.fds[0], 0777) != 0);
  return 0;
}

int processes(const Call& call) {
  const auto clone = [](unsigned long flags) { return ::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0); };
  call.attempt("fork", ::fork() < 0);
  call.attempt("raw fork", ::syscall(SYS_fork) < 0);
  call.attempt("vfork", ::syscall(SYS_vfork) < 0);
  call.attempt("clone", clone(SIGCHLD) < 0);
  call.attempt("clone into a namespace", clone(CLONE_NEWUSER | SIGCHLD) < 0);
  call.attempt("clone3", ::syscall(SYS_clone3, nullptr, 0) < 0);
  call.attempt("unshare", ::unshare(CLONE_NEWUSER) != 0);
  char* arguments[] = {nullptr};
  call.attempt("execve", ::execve("/bin/sh", arguments, arguments) != 0);
  call.attempt("execveat", ::syscall(SYS_execveat, 0, "", arguments, arguments, AT_EMPTY_PATH) != 0);
  return 0;
}

int parent(const Call& call) {
  const auto pid = static_cast<pid_t>(std::stol(call.argument));
  char byte = 0;
  iovec local{&byte, 1};
  iovec remote{reinterpret_cast<void*>(0x400000), 1};
  call.attempt("kill the parent", ::kill(pid, SIGKILL) != 0);
  call.attempt("tgkill the parent", ::syscall(SYS_tgkill, pid, pid, SIGKILL) != 0);
  call.attempt("queue a signal", ::syscall(SYS_rt_sigqueueinfo, pid, SIGKILL, nullptr) != 0);
  call.attempt("pidfd_open", ::syscall(SYS_pidfd_open, pid, 0) < 0);
  call.attempt("kill everybody", ::kill(-1, SIGKILL) != 0);
  call.attempt("ptrace", ::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0);
  call.attempt("ptrace me", ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0);
  call.attempt("read its memory", ::process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0);
  call.attempt("write its memory", ::process_vm_writev(pid, &local, 1, &remote, 1, 0) < 0);
  call.attempt("open its memory", ::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY) < 0);
  call.attempt("change its limits", ::syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, nullptr, nullptr) != 0);
  call.attempt("lower its priority", ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 19) != 0);
  return 0;
}

int kernel(const Call& call) {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  call.attempt("executable memory", page == MAP_FAILED);
  page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  call.attempt("mprotect to executable", ::mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0);
  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
  call.attempt("raise own limits", ::setrlimit(RLIMIT_FSIZE, &more) != 0);
  call.attempt("outlive the parent", ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) != 0);
  call.attempt("be dumpable", ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0);
  io_uring_params ring{};
  call.attempt("io_uring", ::syscall(SYS_io_uring_setup, 1, &ring) < 0);
  call.attempt("userfaultfd", ::syscall(SYS_userfaultfd, 0) < 0);
  call.attempt("bpf", ::syscall(SYS_bpf, 0, nullptr, 0) < 0);
  call.attempt("perf_event_open", ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0) < 0);
  call.attempt("keyctl", ::syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0);
  call.attempt("mount", ::syscall(SYS_mount, "", "/", "", 0, nullptr) != 0);
  call.attempt("setuid", ::setuid(65534) != 0);
  call.attempt("ioctl", ::syscall(SYS_ioctl, 0, 0x5412, "x") != 0);
  call.attempt("a second descriptor", ::dup(call.control) < 0);
  call.attempt("signals by descriptor", ::fcntl(call.control, F_SETOWN, 1) != 0);
  return 0;
}

// What must work, or no codec would.
int work(const Call& call) {
  int sum = 0;
  std::vector<std::thread> threads;
  std::atomic<int> done = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { done += 1; });
  for (auto& thread : threads) thread.join();
  sum = done;
  std::vector<char> large(64 << 20, 'x');
  asm volatile("" : : "r"(large.data()) : "memory");  // really filled
  call.say(fmt::format("threads {} bytes {} fds {}", sum, large.size(), call.fds.size()));
  for (const int fd : call.fds) call.say(vf::read_whole(fd, 1 << 20).value_or("?"));
  return 7;
}

int environment(const Call& call) {
  for (char** at = environ; *at; ++at) call.say(*at);
  call.say("end");
  return 0;
}

// Every system call by its number, except those named in the argument: says which were not denied.
int others(const Call& call) {
  constexpr long kBeyondTheLast = 600;
  // Newer kernels keep these two from every filter: trampolines of their own make them, and anybody
  // else who does is killed by SIGILL.
  constexpr long kUretprobe = 335;
  constexpr long kUprobe = 336;
  const auto allowed = " " + call.argument + " ";
  int tried = 0;
  for (long number = 0; number < kBeyondTheLast; ++number) {
    if (allowed.find(fmt::format(" {} ", number)) != std::string::npos) continue;
    ++tried;
    if (number == kUretprobe || number == kUprobe) continue;
    errno = 0;
    if (::syscall(number, 0, 0, 0, 0, 0, 0) != -1 || (errno != EPERM && errno != ENOSYS))
      call.say(fmt::format("{} ended with {}", number, errno));
  }
  call.say(fmt::format("tried {}", tried));
  return 0;
}

constexpr Entry kEntries[] = {{"network", network}, {"files", files}, {"processes", processes},     {"parent", parent},
                              {"kernel", kernel},   {"work", work},   {"environment", environment}, {"others", others}};

void expect_all_denied(const Outcome& out, std::size_t attempts) {
  EXPECT_EQ(out.exit.how, vf::media::ChildExit::How::exited) << out.exit.stderr_tail;
  EXPECT_EQ(out.exit.code_or_signal, 0);
  EXPECT_EQ(out.lines.size(), attempts);
  // By the sandbox itself, not because the attempt was clumsy.
  EXPECT_THAT(out.lines, testing::Each(testing::AnyOf(testing::EndsWith(": denied EPERM"),
                                                      testing::EndsWith("clone3: denied ENOSYS"))));
}

}  // namespace

std::span<const Entry> entries() { return kEntries; }

TEST(Sandbox, RunsThreadsAndReadsWhatItWasGiven) {
  const auto first = memory_file("one");
  const auto second = memory_file("two");
  const auto out = run("work", small_limits(), {first.get(), second.get()});
  EXPECT_EQ(out.exit.how, vf::media::ChildExit::How::exited) << out.exit.stderr_tail;
  EXPECT_EQ(out.exit.code_or_signal, 7);
  EXPECT_THAT(out.lines, testing::ElementsAre("threads 8 bytes 67108864 fds 2", "one", "two"));
  EXPECT_GT(out.exit.peak_rss_bytes, 64 << 20);
}

TEST(Sandbox, DeniesTheNetwork) { expect_all_denied(run("network"), 7); }

TEST(Sandbox, DeniesTheFileSystem) {
  const auto mine = memory_file("");
  expect_all_denied(run("files", small_limits(), {mine.get()}), 15);
}

TEST(Sandbox, DeniesProcesses) { expect_all_denied(run("processes"), 9); }

TEST(Sandbox, DeniesTouchingTheParent) { expect_all_denied(run(fmt::format("parent {}", ::getpid())), 12); }

TEST(Sandbox, DeniesTheRestOfTheKernel) { expect_all_denied(run("kernel"), 15); }

TEST(Sandbox, DeniesEveryCallOutsideTheTable) {
  std::string numbers;
  int count = 0;
  for (const auto& call : vf::media::describe_sandbox().allowed_calls) {
    const int number = seccomp_syscall_resolve_name(call.name.c_str());
    numbers += fmt::format(" {}", number);
    count += number >= 0 ? 1 : 0;
  }
  const auto out = run("others" + numbers);
  EXPECT_TRUE(out.exit.clean());
  EXPECT_THAT(out.lines, testing::ElementsAre(fmt::format("tried {}", 600 - count)));
}

TEST(Sandbox, SeesNoSecretsOfTheEnvironment) {
  ::setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
  auto fresh = vf::media::Nursery::create();
  ASSERT_TRUE(fresh);
  const auto request = memory_file("environment");
  auto child = fresh->spawn({small_limits(), {request.get()}});
  ASSERT_TRUE(child);
  std::string all;
  EXPECT_TRUE(child->wait([&](std::string_view line) { all += line; }).clean());
  EXPECT_THAT(all, testing::EndsWith("end"));
  EXPECT_THAT(all, testing::Not(testing::HasSubstr("hush")));
}

TEST(Sandbox, TellsWhatItAllows) {
  const auto report = vf::media::describe_sandbox();
  EXPECT_TRUE(report.seccomp);
  EXPECT_GT(report.allowed_calls.size(), 20U);
  EXPECT_LE(report.allowed_calls.size(), 60U);
  for (const auto& call : report.allowed_calls) {
    EXPECT_FALSE(call.reason.empty()) << call.name;
    EXPECT_THAT(call.name, testing::Not(testing::AnyOf("open", "openat", "socket", "connect", "execve", "ptrace",
                                                       "fork", "ioctl")));
  }
}

}  // namespace planted

int main(int argc, char** argv) { return planted::test_main(argc, argv); }
