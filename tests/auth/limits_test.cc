// Roles, rate limits, blocks and the guard of the sign-in, with a clock that the test turns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/principal.h"
#include "auth/rate_limit.h"
#include "auth/short_cache.h"
#include "auth/sign_in_guard.h"
#include "cache/memory/memory_cache.h"

namespace vf::auth {
namespace {

struct Hands {
  std::int64_t now = 1'800'000'000'000;
  Clock clock() {
    return [this] { return now; };
  }
};

TEST(Roles, ViewerReadsUserWritesAdminDoesAll) {
  struct Row {
    Permission permission;
    bool viewer, user;
  };
  const Row table[] = {
      {Permission::open, true, true},           {Permission::signed_in, true, true},
      {Permission::read_videos, true, true},    {Permission::write_videos, false, true},
      {Permission::read_jobs, true, true},      {Permission::write_jobs, false, true},
      {Permission::read_playlists, true, true}, {Permission::write_playlists, false, true},
      {Permission::read_keys, true, true},      {Permission::write_keys, false, true},
      {Permission::read_runs, true, true},      {Permission::write_runs, false, true},
      {Permission::read_logs, true, true},      {Permission::trigger_pipeline, false, true},
      {Permission::administer, false, false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(may({.user = "u", .role = Role::viewer}, row.permission), row.viewer) << to_string(row.permission);
    EXPECT_EQ(may({.user = "u", .role = Role::user}, row.permission), row.user) << to_string(row.permission);
    EXPECT_TRUE(may({.user = "u", .role = Role::admin}, row.permission)) << to_string(row.permission);
    EXPECT_EQ(may({.role = Role::admin}, row.permission), row.permission == Permission::open) << "nobody";
  }
}

TEST(Roles, ScopesOnlyTakeAway) {
  const Principal key{
      .user = "u", .role = Role::viewer, .key = "k", .scopes = {"read:videos", "write:videos", "administer"}};
  EXPECT_TRUE(may(key, Permission::read_videos));
  EXPECT_FALSE(may(key, Permission::read_jobs)) << "not among the scopes";
  EXPECT_FALSE(may(key, Permission::write_videos)) << "not in the role";
  EXPECT_FALSE(may(key, Permission::administer));
  EXPECT_TRUE(may(key, Permission::signed_in));
  EXPECT_THAT(permissions_of(key), testing::ElementsAre("read:videos"));
  EXPECT_FALSE(scope_from("open"));
  EXPECT_EQ(role_from("admin"), Role::admin);
  EXPECT_FALSE(role_from("Admin"));
}

TEST(Gcra, ABurstOfTheWholeLimitThenAnEvenRefill) {
  Hands hands;
  const auto memory = cache::make_memory_cache();
  RateLimiter limiter(hands.clock(), *memory);
  constexpr Quota quota{5, 15 * kMinute};
  for (int i = 4; i >= 0; --i) {
    const auto allowance = limiter.take("a", quota);
    EXPECT_TRUE(allowance.allowed);
    EXPECT_EQ(allowance.remaining, i);
  }
  const auto refused = limiter.take("a", quota);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 3 * kMinute);
  EXPECT_EQ(refused.reset_after, 15 * kMinute);
  EXPECT_TRUE(limiter.take("b", quota).allowed) << "each caller has a budget of its own";
  hands.now += 3 * kMinute - 1;
  EXPECT_FALSE(limiter.take("a", quota).allowed);
  hands.now += 1;
  EXPECT_TRUE(limiter.take("a", quota).allowed);
  EXPECT_FALSE(limiter.take("a", quota).allowed);
  hands.now += 15 * kMinute;
  EXPECT_EQ(limiter.take("a", quota).remaining, 4) << "whole again, and no more than whole";
}

TEST(Gcra, CountsLargeLimitsExactlyAndZeroIsNoLimit) {
  Hands hands;
  const auto memory = cache::make_memory_cache();
  RateLimiter limiter(hands.clock(), *memory);
  int allowed = 0;
  for (int i = 0; i < 10'100; ++i) allowed += limiter.take("a", {10'000, 15 * kMinute}).allowed;
  EXPECT_EQ(allowed, 10'000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.take("z", {}).allowed);
}

TEST(Gcra, AClockThatJumpsBackLocksNobodyOut) {
  Hands hands;
  const auto memory = cache::make_memory_cache();
  RateLimiter limiter(hands.clock(), *memory);
  constexpr Quota quota{2, kMinute};
  limiter.take("a", quota);
  hands.now -= kDay;
  limiter.take("a", quota);
  hands.now += kMinute;
  EXPECT_TRUE(limiter.take("a", quota).allowed);
}

TEST(Gcra, ManyCallersDoNotFillTheMemory) {
  Hands hands;
  const auto memory = cache::make_memory_cache({.max_numbers = 100});
  RateLimiter limiter(hands.clock(), *memory);
  constexpr Quota quota{1, kMinute};
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(limiter.take("stranger " + std::to_string(i), quota).allowed);
    // Whoever keeps asking is remembered.
    EXPECT_EQ(limiter.take("busy", quota).allowed, i == 0);
  }
}

TEST(Blocks, TenRefusalsWithinTenMinutesBlockForFifteen) {
  Hands hands;
  BlockList blocks(hands.clock(), {});
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(blocks.strike("192.0.2.1"));
  EXPECT_FALSE(blocks.blocked_for("192.0.2.1"));
  hands.now += 10 * kMinute;
  EXPECT_FALSE(blocks.strike("192.0.2.1")) << "the others are too long ago";
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(blocks.strike("192.0.2.1"));
  EXPECT_TRUE(blocks.strike("192.0.2.1"));
  EXPECT_EQ(blocks.blocked_for("192.0.2.1"), 15 * kMinute);
  EXPECT_FALSE(blocks.blocked_for("192.0.2.2"));
  ASSERT_EQ(blocks.list().size(), 1u);
  EXPECT_EQ(blocks.list().front().until, hands.now + 15 * kMinute);
  hands.now += 15 * kMinute;
  EXPECT_FALSE(blocks.blocked_for("192.0.2.1"));
  EXPECT_TRUE(blocks.list().empty());
}

TEST(Blocks, AnAdminReleases) {
  Hands hands;
  BlockList blocks(hands.clock(), {.strikes = 1});
  blocks.strike("192.0.2.1");
  EXPECT_TRUE(blocks.release("192.0.2.1"));
  EXPECT_FALSE(blocks.blocked_for("192.0.2.1"));
  EXPECT_FALSE(blocks.release("192.0.2.1"));
}

TEST(Addresses, AHouseholdIsOneCaller) {
  EXPECT_EQ(address_group("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_group("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6"), address_group("2001:db8:1:2:ffff::1"));
  EXPECT_NE(address_group("2001:db8:1:2::1"), address_group("2001:db8:1:3::1"));
  EXPECT_EQ(address_group("unix"), "unix");
}

TEST(SignInGuard, WaitsGrowForTheGuesserAndNotForTheOwner) {
  Hands hands;
  SignInGuard guard(hands.clock(), {});
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(guard.wait("marie", "192.0.2.9"));
    guard.failed("marie", "192.0.2.9");
  }
  EXPECT_EQ(guard.wait("marie", "192.0.2.9"), 30 * kSecond);
  EXPECT_FALSE(guard.wait("marie", "198.51.100.1")) << "a stranger locked the owner out";
  EXPECT_FALSE(guard.wait("paul", "192.0.2.9")) << "the neighbour behind the same address";
  hands.now += 30 * kSecond;
  EXPECT_FALSE(guard.wait("marie", "192.0.2.9"));
  guard.failed("marie", "192.0.2.9");
  EXPECT_EQ(guard.wait("marie", "192.0.2.9"), 60 * kSecond);
  for (int i = 0; i < 60; ++i) guard.failed("marie", "192.0.2.9");
  EXPECT_EQ(guard.wait("marie", "192.0.2.9"), kHour) << "and has an end";
  hands.now += kDay;
  EXPECT_FALSE(guard.wait("marie", "192.0.2.9"));
}

TEST(SignInGuard, SprayingOnePasswordOverManyAccountsIsSlowedToo) {
  Hands hands;
  SignInGuard guard(hands.clock(), {});
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(guard.wait("user" + std::to_string(i), "2001:db8::1"));
    guard.failed("user" + std::to_string(i), "2001:db8::" + std::to_string(i + 1));
  }
  EXPECT_TRUE(guard.wait("another", "2001:db8::ffff")) << "the same network";
  guard.succeeded("mine", "2001:db8::1");
  EXPECT_TRUE(guard.wait("another", "2001:db8::1")) << "his own account does not wash him clean";
}

TEST(SignInGuard, SuccessForgivesTheAccountsOwnFailures) {
  Hands hands;
  SignInGuard guard(hands.clock(), {});
  for (int i = 0; i < 4; ++i) guard.failed("marie", "192.0.2.9");
  guard.succeeded("marie", "192.0.2.9");
  guard.failed("marie", "192.0.2.9");
  EXPECT_FALSE(guard.wait("marie", "192.0.2.9"));
}

TEST(ShortCache, ForgetsInTimeAndOnChange) {
  ShortCache<int> cache(5000);
  cache.put("a", 1, 0, cache.version());
  EXPECT_EQ(cache.find("a", 4999), 1);
  EXPECT_FALSE(cache.find("a", 5000));
  cache.put("a", 1, 0, cache.version());
  cache.forget("a");
  EXPECT_FALSE(cache.find("a", 0));
  // Read before the change, stored after it: the old answer must not come back.
  const auto before = cache.version();
  cache.forget("a");
  cache.put("a", 1, 0, before);
  EXPECT_FALSE(cache.find("a", 0));
}

}  // namespace
}  // namespace vf::auth
