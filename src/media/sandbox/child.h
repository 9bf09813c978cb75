// The parent's side of the sandbox: children that run a stage, and the nursery that makes them.
//
// Everything that touches untrusted media runs in such a child. A child is made by forking the
// nursery, a single-threaded process of the same program that has done the dynamic linking once, so a
// spawn costs milliseconds; it is still a direct child of this process, which waits for it, holds its
// caps and believes nothing it says.
//
//   auto nursery = VF_TRY(Nursery::create());
//   auto child = VF_TRY(nursery.spawn({limits, {request_fd, input_fd, output_fd}}));
//   const ChildExit exit = child.wait([&](std::string_view line) { ... }, stop);
//   if (!exit.clean()) return std::unexpected(error_from(exit, limits));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "media/sandbox/limits.h"

namespace vf::media {

// How a child ended and what it used.
struct ChildExit {
  enum class How {
    exited,       // by itself; code_or_signal is its status
    signalled,    // a crash; code_or_signal is the signal
    over_memory,  // killed at a cap of Limits
    over_cpu,
    over_wall,
    over_output,
    over_threads,
    cancelled,       // killed because the stop token asked for it
    protocol_error,  // killed because it flooded the control channel
  };
  How how = How::exited;
  int code_or_signal = 0;
  std::int64_t peak_rss_bytes = 0;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  std::string stderr_tail;  // the last 16 KiB, control characters replaced
  std::string detail;       // protocol_error: which bound

  bool clean() const { return how == How::exited && code_or_signal == 0; }
};

// The error of an unclean exit: caps become limit_exceeded and name their value, a crash becomes
// invalid_input, a kill by the system no_memory. Also for a clean exit it is an error (internal).
Error error_from(const ChildExit& exit, const Limits& limits);

// One running child. Movable; destroying it without wait() kills and reaps it. One thread at a time.
class Child {
 public:
  using OnLine = std::function<void(std::string_view)>;

  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  pid_t pid() const;

  // Blocks until the child ended and was reaped; to be called once. `on_line` gets every line of the
  // control channel without its end, in this thread, while caps are not looked at: it must be quick
  // and must not throw. When `stop` is requested the child is killed within 0.1 s.
  ChildExit wait(const OnLine& on_line, std::stop_token stop = {});

  struct State;

 private:
  friend class Nursery;
  explicit Child(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct SpawnSpec {
  Limits limits;
  // Handed over in this order; the caller keeps and closes its own. The child opens nothing itself:
  // inputs are opened read-only, outputs and the request (a memory file) are already there.
  std::vector<int> fds;
};

struct NurseryOptions {
  std::string executable = "/proc/self/exe";
  std::vector<std::string> arguments = {"videoforge", "stage", "--nursery"};
  int nice = 0;  // of the nursery and all its children: 19 leaves the processor to everybody else first
};

// Makes children. Thread-safe. One thread of its own starts the nursery process and asks it for
// children: Linux kills them when *that thread* ends, so they die with this process however it dies,
// and threads that call spawn() may come and go. It lives until the Nursery and all its Children are
// gone. Nobody else in this process may wait for unknown children (waitpid(-1)).
class Nursery {
 public:
  static Result<Nursery> create(NurseryOptions options = {});

  Nursery(Nursery&&) noexcept;
  Nursery& operator=(Nursery&&) noexcept;
  ~Nursery();

  // A nursery that died is started again. Errors: invalid_argument (a cap that is not positive),
  // unavailable (no process could be made), internal.
  Result<Child> spawn(const SpawnSpec& spec);

  // The nursery process; 0 while there is none. For diagnostics.
  pid_t pid() const;

  struct State;

 private:
  explicit Nursery(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace vf::media
