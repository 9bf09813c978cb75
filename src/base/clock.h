// The time of day, for everything that expires: leases, uploads, links, sessions, budgets.
//
// A machine's clock may jump by an hour or a day, and back again when somebody notices. Until a jump has
// stayed for a while it is not believed: time goes on as the steady clock has it, so that nothing is
// given up or removed early. A machine that slept did not jump: the steady clock counts its sleep.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace vf {

class HeldClock {
 public:
  using Hand = std::function<std::int64_t()>;  // milliseconds

  struct Limits {
    std::int64_t step_ms = 2'000;      // smaller steps are followed at once: time servers make them
    std::int64_t hold_ms = 3'600'000;  // a larger one when it has stayed so long
  };

  HeldClock(Hand wall, Hand steady, Limits limits);

  std::int64_t now_ms();  // since 1970, UTC

  // How far the machine's clock stands before this one (behind: negative); 0 where it is followed.
  std::int64_t held_ms();

 private:
  struct Jump {
    std::int64_t offset;
    std::int64_t since;
  };

  std::int64_t look();  // with the mutex held: the steady clock, after the wall clock was compared with it

  const Hand wall_;
  const Hand steady_;
  const Limits limits_;
  std::mutex mutex_;
  std::int64_t offset_;  // of the wall clock to the steady one, as it is believed
  std::optional<Jump> jump_;
};

// The program's one; any thread.
HeldClock& process_clock();
inline std::int64_t wall_clock_ms() { return process_clock().now_ms(); }

}  // namespace vf
