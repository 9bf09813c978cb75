#include "media/sandbox/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/sandbox/child_state.h"
#include "media/sandbox/line_reader.h"

namespace vf::media {
namespace {

using Clock = std::chrono::steady_clock;
using How = ChildExit::How;

constexpr std::size_t kTailBytes = 16 << 10;
constexpr std::size_t kReadBytes = 256 << 10;
// One core cannot touch fresh memory faster than this, so a look this long before the cap could be
// reached sees it in time.
constexpr double kFastestGrowth = 4e9;  // bytes per second
constexpr std::chrono::milliseconds kLongestPause(50), kShortestPause(5);

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); }

// The text may end up on a terminal or in a page: escape sequences must not survive.
std::string printable(std::string text) {
  for (char& c : text) {
    const bool plain = (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t';
    if (!plain) c = '?';
  }
  return text;
}

// Watches one child from its start to its end: reads its channels, holds its caps, reaps it.
class Watch {
 public:
  Watch(Child::State& child, const Child::OnLine& on_line, std::stop_token stop)
      : child_(child), on_line_(on_line), stop_(std::move(stop)), lines_(child.limits) {}

  ChildExit run() {
    bool running = true;
    while (running) {
      std::array<pollfd, 3> ready{
          {{child_.process.get(), POLLIN, 0}, {child_.control.get(), POLLIN, 0}, {child_.messages.get(), POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), pause());
      if (stop_.stop_requested()) kill(How::cancelled);
      read_channels();
      check_caps();
      running = ready[0].revents == 0;
    }
    while (read_channels()) {
    }
    return reap();
  }

 private:
  int pause() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_look_ - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 1, kLongestPause.count()));
  }

  void kill(How reason) {
    if (breach_) return;
    breach_ = reason;
    ::syscall(SYS_pidfd_send_signal, child_.process.get(), SIGKILL, nullptr, 0);
  }

  // Takes what is there, up to one buffer from each; true if there was anything.
  bool read_channels() {
    const bool lines = read_from(child_.control, [&](std::string_view bytes) {
      if (breach_) return;
      if (!lines_.feed(bytes, on_line_)) kill(How::protocol_error);
    });
    const bool text = read_from(child_.messages, [&](std::string_view bytes) {
      message_bytes_ += static_cast<std::int64_t>(bytes.size());
      if (message_bytes_ > child_.limits.control_total_bytes) kill(How::protocol_error);
      tail_ += bytes;
      if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    });
    return lines || text;
  }

  template <typename Take>
  bool read_from(UniqueFd& fd, const Take& take) {
    if (!fd) return false;
    const auto n = ::read(fd.get(), buffer_.data(), buffer_.size());
    if (n < 0) return errno == EINTR;
    if (n == 0) {
      fd.reset();
      return false;
    }
    take(std::string_view(buffer_.data(), static_cast<std::size_t>(n)));
    return true;
  }

  void check_caps() {
    const auto now = Clock::now();
    if (breach_ || now < next_look_) return;
    const auto& limits = child_.limits;
    if (seconds_since(child_.started) > limits.wall_seconds) kill(How::over_wall);
    if (growth(child_.outputs) > limits.output_bytes) kill(How::over_output);
    std::chrono::duration<double> until(limits.wall_seconds);
    if (const auto used = child_.usage.sample()) {
      if (used->memory_bytes > limits.memory_bytes) kill(How::over_memory);
      if (used->cpu_seconds > limits.cpu_seconds) kill(How::over_cpu);
      if (used->threads > limits.max_threads) kill(How::over_threads);
      until =
          std::chrono::duration<double>(static_cast<double>(limits.memory_bytes - used->memory_bytes) / kFastestGrowth);
    }
    next_look_ = now + std::clamp<Clock::duration>(std::chrono::duration_cast<Clock::duration>(until), kShortestPause,
                                                   kLongestPause);
  }

  ChildExit reap() {
    int status = 0;
    rusage used{};
    while (::wait4(child_.pid, &status, __WALL, &used) < 0 && errno == EINTR) {
    }
    if (!breach_ && growth(child_.outputs) > child_.limits.output_bytes) breach_ = How::over_output;
    ChildExit exit;
    exit.wall_seconds = seconds_since(child_.started);
    exit.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    exit.peak_rss_bytes = static_cast<std::int64_t>(used.ru_maxrss) * 1024;
    exit.stderr_tail = printable(std::move(tail_));
    exit.detail = lines_.breach();
    exit.code_or_signal = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    exit.how = how(status, exit.cpu_seconds);
    return exit;
  }

  How how(int status, double cpu_seconds) const {
    if (WIFEXITED(status)) {
      // It may have finished in the moment in which it was to be killed; what it said too much stays.
      const bool kept = breach_ == How::protocol_error || breach_ == How::over_output;
      return kept ? *breach_ : How::exited;
    }
    if (breach_) return *breach_;
    switch (WTERMSIG(status)) {
      case SIGXCPU:
        return How::over_cpu;
      case SIGXFSZ:
        return How::over_output;
      case SIGKILL:
        return cpu_seconds >= child_.limits.cpu_seconds ? How::over_cpu : How::signalled;
      default:
        return How::signalled;
    }
  }

  Child::State& child_;
  const Child::OnLine& on_line_;
  std::stop_token stop_;
  sandbox::LineReader lines_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
  std::string tail_;
  std::int64_t message_bytes_ = 0;
  std::optional<How> breach_;
  Clock::time_point next_look_ = Clock::now();
};

}  // namespace

Child::Child(std::unique_ptr<State> state) : state_(std::move(state)) {}
Child::Child(Child&&) noexcept = default;

Child& Child::operator=(Child&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Child::~Child() {
  if (!state_ || state_->pid < 0) return;
  ::syscall(SYS_pidfd_send_signal, state_->process.get(), SIGKILL, nullptr, 0);
  while (::waitpid(state_->pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

pid_t Child::pid() const { return state_ ? state_->pid : -1; }

ChildExit Child::wait(const OnLine& on_line, std::stop_token stop) {
  auto exit = Watch(*state_, on_line, std::move(stop)).run();
  state_->pid = -1;
  state_.reset();
  return exit;
}

Result<std::vector<WatchedOutput>> watch_outputs(const std::vector<int>& fds) {
  std::vector<WatchedOutput> out;
  for (const int fd : fds) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) return fail(ErrorCode::internal, "A stage was handed a descriptor that is not open.");
    struct stat st{};
    if ((flags & O_ACCMODE) == O_RDONLY || ::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) continue;
    UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own) return std::unexpected(system_error(errno, "watch a stage's output"));
    out.push_back({std::move(own), st.st_size});
  }
  return out;
}

std::int64_t growth(const std::vector<WatchedOutput>& outputs) {
  std::int64_t sum = 0;
  for (const auto& output : outputs) {
    struct stat st{};
    if (::fstat(output.fd.get(), &st) == 0) sum += std::max<std::int64_t>(0, st.st_size - output.before);
  }
  return sum;
}

}  // namespace vf::media
