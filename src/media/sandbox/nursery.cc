#include "media/sandbox/nursery.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "media/sandbox/fd_passing.h"
#include "media/sandbox/profile_dump.h"
#include "media/sandbox/sandbox.h"

namespace vf::media {
namespace {

constexpr int kControl = 3;
constexpr int kFirstPassed = 4;
constexpr int kNoSandbox = 70;  // EX_SOFTWARE; the reason stands on stderr

bool is_our_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

// Where memory runs out for the whole machine, the kernel shall take a stage, which can be done
// again, rather than the process that supervises it. Children inherit it.
void offer_to_the_oom_killer() {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd) (void)write_all(fd.get(), "500");
}

// Puts descriptors[i] at number first + i. A number that a later descriptor still holds is freed by
// moving that one away.
bool place(std::vector<int> descriptors, int first) {
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const int target = first + static_cast<int>(i);
    if (descriptors[i] == target) continue;
    for (std::size_t later = i + 1; later < descriptors.size(); ++later) {
      if (descriptors[later] != target) continue;
      descriptors[later] = ::fcntl(target, F_DUPFD, first + static_cast<int>(descriptors.size()));
      if (descriptors[later] < 0) return false;
    }
    if (::dup2(descriptors[i], target) < 0) return false;
  }
  return true;
}

// Leaves 0 (/dev/null), 1 and 2 (stderr channel), 3 (control), 4... (passed) open and nothing else.
bool arrange_descriptors(const std::vector<UniqueFd>& received) {
  std::vector<int> order{received[0].get()};
  for (std::size_t i = 2; i < received.size(); ++i) order.push_back(received[i].get());
  if (::dup2(received[1].get(), STDERR_FILENO) < 0 || ::dup2(received[1].get(), STDOUT_FILENO) < 0) return false;
  if (!place(order, kControl)) return false;
  return ::close_range(kControl + static_cast<unsigned>(order.size()), ~0U, 0) == 0;
}

[[noreturn]] void run_child(const sandbox::SpawnRequest& request, const std::vector<UniqueFd>& received,
                            StageMain stage) {
  if (!arrange_descriptors(received)) ::_exit(kNoSandbox);
  (void)::prctl(PR_SET_NAME, "vf-stage", 0, 0, 0);
  const sandbox::ProfileDump profile;
  // The parent may have died before the child's life was tied to it.
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != request.parent) ::_exit(kNoSandbox);
  const auto entered = enter_sandbox(request.limits);
  if (!entered) {
    (void)write_all(STDERR_FILENO, entered.error().message + "\n");
    ::_exit(kNoSandbox);
  }
  std::vector<int> passed(received.size() - 2);
  for (std::size_t i = 0; i < passed.size(); ++i) passed[i] = kFirstPassed + static_cast<int>(i);
  const int status = stage(kControl, passed);
  profile.write();
  (void)std::fflush(stdout);
  ::_exit(status);
}

// CLONE_PARENT makes the new process a child of the nursery's parent, which then waits for it and
// whose death kills it. The call is made without glibc, whose fork() cannot do that; in a process of
// one thread nothing is lost by it.
sandbox::SpawnReply make_child(const sandbox::SpawnRequest& request, const std::vector<UniqueFd>& received,
                               StageMain stage) {
  const auto pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (pid == 0) run_child(request, received, stage);
  if (pid < 0) return {0, errno};
  return {static_cast<pid_t>(pid), 0};
}

}  // namespace

bool is_nursery(int argc, char** argv) {
  return argc == 3 && std::string_view(argv[1]) == "stage" && std::string_view(argv[2]) == "--nursery";
}

int run_nursery(int, char**, StageMain stage) {
  if (!is_our_socket(sandbox::kNurserySocket)) {
    std::fputs("videoforge stage is internal: other commands start it.\n", stderr);
    return 2;
  }
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  (void)::prctl(PR_SET_NAME, "vf-nursery", 0, 0, 0);
  raise_descriptor_limit();
  offer_to_the_oom_killer();
  (void)sha256_hex({});  // OpenSSL reads its configuration file before its first work: now, not in a child
  if (const auto ready = prepare_sandbox(); !ready) {
    std::fprintf(stderr, "%s\n", ready.error().message.c_str());
    return 5;
  }
  while (true) {
    sandbox::SpawnRequest request;
    std::vector<UniqueFd> received;
    if (!sandbox::receive_request(sandbox::kNurserySocket, request, received)) return 0;
    if (!sandbox::send_reply(sandbox::kNurserySocket, make_child(request, received, stage))) return 0;
  }
}

}  // namespace vf::media
