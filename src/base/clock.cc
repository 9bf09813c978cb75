#include "base/clock.h"

#include <ctime>

namespace vf {
namespace {

std::int64_t read(clockid_t which) {
  timespec now{};
  ::clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

bool further(std::int64_t a, std::int64_t b, std::int64_t most) { return a - b > most || b - a > most; }

}  // namespace

HeldClock::HeldClock(Hand wall, Hand steady, Limits limits)
    : wall_(std::move(wall)), steady_(std::move(steady)), limits_(limits), offset_(wall_() - steady_()) {}

std::int64_t HeldClock::look() {
  const auto steady = steady_();
  const auto offset = wall_() - steady;
  if (!further(offset, offset_, limits_.step_ms)) {
    offset_ = offset;
    jump_.reset();
  } else if (!jump_ || further(offset, jump_->offset, limits_.step_ms)) {
    jump_ = Jump{offset, steady};
  } else if (steady - jump_->since >= limits_.hold_ms) {
    offset_ = offset;
    jump_.reset();
  }
  return steady;
}

std::int64_t HeldClock::now_ms() {
  const std::lock_guard lock(mutex_);
  const auto steady = look();
  return steady + offset_;
}

std::int64_t HeldClock::held_ms() {
  const std::lock_guard lock(mutex_);
  look();
  return jump_ ? jump_->offset - offset_ : 0;
}

HeldClock& process_clock() {
  static HeldClock clock([] { return read(CLOCK_REALTIME); }, [] { return read(CLOCK_BOOTTIME); }, {});
  return clock;
}

}  // namespace vf
