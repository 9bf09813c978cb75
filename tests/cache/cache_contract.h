// What every cache promises (cache/cache.h), for each adapter to be held to: make a Maker for yours and
// INSTANTIATE_TEST_SUITE_P(Redis, CacheContract, testing::Values(...)). Keys are new for each test, so that a cache
// that outlives the test may be used.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/uuid.h"
#include "cache/cache.h"

namespace vf::cache::testing {

using namespace std::chrono_literals;
using Maker = std::function<std::shared_ptr<Cache>()>;

class CacheContract : public ::testing::TestWithParam<Maker> {
 protected:
  std::string key(std::string_view name) const { return fmt::format("{} {}", name, unique_); }
  std::optional<std::string> get(const std::string& name, const Tags& tags) {
    return cache_->find(key(name), own(tags))->value;
  }
  Mark mark(const std::string& name, const Tags& tags) { return cache_->find(key(name), own(tags))->mark; }
  void put(const std::string& name, const Mark& mark, std::string value, std::chrono::milliseconds keep = 1h) {
    ASSERT_TRUE(cache_->put(key(name), mark, std::move(value), keep));
  }
  void invalidate(const std::string& tag) { ASSERT_TRUE(cache_->invalidate(key(tag))); }
  Tags own(Tags tags) const {
    for (auto& tag : tags) tag = key(tag);
    return tags;
  }

  std::string unique_ = make_uuid();
  std::shared_ptr<Cache> cache_ = GetParam()();
};

TEST_P(CacheContract, WhatWasPutIsFound) {
  EXPECT_FALSE(get("page", {"gallery"}));
  put("page", mark("page", {"gallery"}), "videos");
  EXPECT_EQ(get("page", {"gallery"}), "videos");
  EXPECT_FALSE(get("other page", {"gallery"}));
}

TEST_P(CacheContract, AnyBytesAreAValue) {
  const std::string value("\0\r\n\xff a", 6);
  put("bytes", mark("bytes", {}), value);
  EXPECT_EQ(get("bytes", {}), value);
  put("empty", mark("empty", {}), "");
  EXPECT_EQ(get("empty", {}), "");
}

TEST_P(CacheContract, OneInvalidatedTagVoidsWhatDependsOnIt) {
  put("a", mark("a", {"video 1", "gallery"}), "A");
  put("b", mark("b", {"video 2", "gallery"}), "B");
  put("c", mark("c", {"video 2"}), "C");
  invalidate("video 1");
  EXPECT_FALSE(get("a", {"video 1", "gallery"}));
  EXPECT_EQ(get("b", {"video 2", "gallery"}), "B");
  invalidate("gallery");
  EXPECT_FALSE(get("b", {"video 2", "gallery"}));
  EXPECT_EQ(get("c", {"video 2"}), "C");
}

TEST_P(CacheContract, WhatWasReadBeforeAChangeIsNeverFoundAfterIt) {
  const auto before = mark("page", {"gallery"});
  invalidate("gallery");  // comes between reading and putting
  put("page", before, "old");
  EXPECT_FALSE(get("page", {"gallery"}));
  put("page", mark("page", {"gallery"}), "new");
  put("page", before, "old");  // a slow one, still later
  EXPECT_NE(get("page", {"gallery"}), "old");
}

TEST_P(CacheContract, ATimeEnds) {
  put("page", mark("page", {}), "short", 30ms);
  for (int i = 0; i < 400 && get("page", {}); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(get("page", {}));
}

TEST_P(CacheContract, ANumberIsRaisedWithinItsBounds) {
  const auto raise = [&](std::int64_t floor, std::int64_t step, std::int64_t ceiling) {
    return *cache_->raise(key("caller"), floor, step, ceiling, 1h);
  };
  EXPECT_EQ(raise(100, 10, 120).value, 110) << "nothing counts as 0, brought up to the floor";
  EXPECT_EQ(raise(100, 10, 120).value, 120);
  const auto refused = raise(100, 10, 120);
  EXPECT_FALSE(refused.done);
  EXPECT_EQ(refused.value, 120) << "stays as it is";
  EXPECT_EQ(raise(125, 10, 145).value, 135) << "the floor has passed it";
  const auto back = raise(50, 10, 70);
  EXPECT_FALSE(back.done);
  EXPECT_EQ(back.value, 70) << "brought down to the ceiling";
}

TEST_P(CacheContract, StepsOfManyThreadsAreAllCounted) {
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) done += cache_->raise(key("n"), 0, 1, 1500, 1h)->done ? 1 : 0;
      });
  }
  EXPECT_EQ(done, 1500);
  EXPECT_EQ(cache_->raise(key("n"), 0, 1, 1500, 1h)->value, 1500);
}

// A writer counts up, invalidates, and then says how far it is; whoever asks after that sees no smaller number.
TEST_P(CacheContract, NobodySeesTheOldAfterTheInvalidation) {
  std::atomic<int> truth = 0;
  std::atomic<int> said = 0;
  std::atomic<bool> over = false;
  std::atomic<int> stale = 0;
  {
    std::vector<std::jthread> readers;
    for (int r = 0; r < 3; ++r)
      readers.emplace_back([&] {
        while (!over) {
          const int least = said;
          auto found = *cache_->find(key("count"), own({"count"}));
          const int seen = found.value ? std::stoi(*found.value) : truth.load();
          if (seen < least) ++stale;
          if (!found.value) (void)cache_->put(key("count"), found.mark, std::to_string(seen), 1h);
        }
      });
    for (int i = 1; i <= 2000; ++i) {
      truth = i;
      (void)cache_->invalidate(key("count"));
      said = i;
      std::this_thread::yield();
    }
    over = true;
  }
  EXPECT_EQ(stale, 0);
}

}  // namespace vf::cache::testing
