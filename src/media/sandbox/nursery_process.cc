#include "media/sandbox/nursery_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace vf::media::sandbox {
namespace {

constexpr timeval kPatience{30, 0};  // a sanitizer build on a busy machine starts slowly
constexpr int kGraceMilliseconds = 2000;

// The environment may hold keys and passwords, and every child is a copy of the nursery: only these
// variables pass.
constexpr std::string_view kPassedVariables[] = {
    "LANG=",         "LC_ALL=",        "LC_CTYPE=",     "TZ=",           "LD_LIBRARY_PATH=",
    "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS=", "LLVM_PROFILE_FILE="};

std::vector<char*> passed_environment() {
  std::vector<char*> out;
  for (char** at = environ; at && *at; ++at) {
    const auto passes = [&](std::string_view name) { return std::string_view(*at).starts_with(name); };
    if (std::ranges::any_of(kPassedVariables, passes)) out.push_back(*at);
  }
  out.push_back(nullptr);
  return out;
}

// posix_spawn's two option objects, released together.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

// A session of its own keeps the terminal's Ctrl-C for the process that decides about it; signals are
// as in a fresh program; only stderr and the socket pass.
void describe_spawn(SpawnSetup& setup, int socket) {
  posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&setup.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&setup.actions, socket, kNurserySocket);
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, kNurserySocket + 1);
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&setup.attributes, &all);
  posix_spawnattr_setsigmask(&setup.attributes, &none);
  posix_spawnattr_setflags(&setup.attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

}  // namespace

Result<void> NurseryProcess::start() {
  if (pid_ > 0) return {};
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return std::unexpected(system_error(errno, "start the nursery of sandboxed processes"));
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  // dup2 onto itself would keep close-on-exec: see that the number differs.
  if (theirs.get() == kNurserySocket) theirs = UniqueFd(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kNurserySocket + 1));
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));

  SpawnSetup setup;
  describe_spawn(setup, theirs.get());
  std::vector<char*> arguments;
  for (auto& argument : options_.arguments) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const int error = ::posix_spawn(&pid_, options_.executable.c_str(), &setup.actions, &setup.attributes,
                                  arguments.data(), passed_environment().data());
  if (error != 0) {
    pid_ = 0;
    return std::unexpected(system_error(error, "start the nursery of sandboxed processes"));
  }
  // Before it has children, who inherit it.
  if (options_.nice != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), options_.nice);
  socket_ = std::move(ours);
  return {};
}

Result<SpawnReply> NurseryProcess::ask(const SpawnRequest& request, std::span<const int> fds) {
  VF_CHECK(start());
  auto reply = [&]() -> Result<SpawnReply> {
    VF_CHECK(send_request(socket_.get(), request, fds));
    return receive_reply(socket_.get());
  }();
  if (reply) return reply;
  abandon();
  return fail(ErrorCode::unavailable, "A sandboxed process could not be started.", reply.error().message);
}

void NurseryProcess::abandon() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  end();
}

void NurseryProcess::end() {
  if (pid_ <= 0) return;
  socket_.reset();
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  if (!process || ::poll(&ended, 1, kGraceMilliseconds) != 1) ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace vf::media::sandbox
