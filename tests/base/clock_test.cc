// The hands are turned by the test: `wall` is the machine's clock, `steady` the one that nobody sets.
#include "base/clock.h"

#include <gtest/gtest.h>

namespace vf {
namespace {

constexpr std::int64_t kHour = 3'600'000;

struct Hands : testing::Test {
  std::int64_t wall = 1'800'000'000'000;
  std::int64_t steady = 5'000;
  HeldClock clock{[this] { return wall; }, [this] { return steady; }, {.step_ms = 2'000, .hold_ms = kHour}};

  std::int64_t pass(std::int64_t ms) {
    wall += ms;
    steady += ms;
    return clock.now_ms();
  }
};

TEST_F(Hands, FollowsTheMachinesClockAndItsSmallSteps) {
  EXPECT_EQ(clock.now_ms(), wall);
  EXPECT_EQ(pass(1'000), wall);
  wall += 1'500;
  EXPECT_EQ(clock.now_ms(), wall);
  wall -= 2'000;
  EXPECT_EQ(clock.now_ms(), wall);
  EXPECT_EQ(clock.held_ms(), 0);
}

TEST_F(Hands, AJumpThatGoesBackWasNever) {
  for (const auto jump : {kHour, -kHour, 24 * kHour, -24 * kHour}) {
    const auto before = clock.now_ms();
    wall += jump;
    EXPECT_EQ(clock.now_ms(), before);
    EXPECT_EQ(clock.held_ms(), jump);
    EXPECT_EQ(pass(kHour / 2), before + kHour / 2);
    wall -= jump;
    EXPECT_EQ(clock.now_ms(), wall);
    EXPECT_EQ(clock.held_ms(), 0);
  }
}

TEST_F(Hands, AJumpThatStaysIsFollowedInTheEnd) {
  wall += 24 * kHour;
  const auto before = clock.now_ms();
  EXPECT_EQ(pass(kHour - 1), before + kHour - 1);
  wall += kHour;  // another jump begins anew
  EXPECT_EQ(pass(1), before + kHour);
  EXPECT_EQ(pass(kHour - 1), before + 2 * kHour - 1);
  EXPECT_EQ(pass(1), wall);
  EXPECT_EQ(clock.held_ms(), 0);
}

TEST_F(Hands, SleepIsNoJump) { EXPECT_EQ(pass(30 * 24 * kHour), wall); }

}  // namespace
}  // namespace vf
