// The cache in memory: the contract, and its own bounds.
#include "cache/memory/memory_cache.h"

#include "cache/cache_contract.h"

namespace vf::cache::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, CacheContract,
                         ::testing::Values(Maker([] { return std::shared_ptr<Cache>(make_memory_cache()); })));

void keep(Cache& cache, const std::string& key, std::size_t bytes) {
  (void)cache.put(key, cache.find(key, {})->mark, std::string(bytes, 'x'), 1h);
}
bool has(Cache& cache, const std::string& key) { return cache.find(key, {})->value.has_value(); }

TEST(MemoryCache, TheLeastUsedGoesFirst) {
  const auto cache = make_memory_cache({.max_bytes = 10'000});
  for (int i = 0; i < 8; ++i) keep(*cache, std::to_string(i), 1000);
  EXPECT_TRUE(has(*cache, "0")) << "and is now the one used last";
  keep(*cache, "8", 1000);
  EXPECT_TRUE(has(*cache, "0"));
  EXPECT_FALSE(has(*cache, "1"));
  EXPECT_LE(cache->load()->bytes, 10'000);
}

TEST(MemoryCache, OneValueDoesNotTakeAllTheRoom) {
  const auto cache = make_memory_cache({.max_bytes = 10'000});
  keep(*cache, "small", 100);
  keep(*cache, "large", 5'000);
  EXPECT_FALSE(has(*cache, "large"));
  EXPECT_TRUE(has(*cache, "small"));
}

TEST(MemoryCache, RoomForNothingKeepsNothing) {
  const auto cache = make_memory_cache({.max_bytes = 0});
  keep(*cache, "a", 1);
  EXPECT_FALSE(has(*cache, "a"));
}

TEST(MemoryCache, ForgettingTagsMakesNothingGoodAgain) {
  const auto cache = make_memory_cache({.max_tags = 10});
  const auto mark = cache->find("page", {"gallery"})->mark;
  (void)cache->invalidate("gallery");
  (void)cache->put("page", mark, "old", 1h);
  for (int i = 0; i < 100; ++i) (void)cache->invalidate("video " + std::to_string(i));
  EXPECT_FALSE(cache->find("page", {"gallery"})->value);
}

TEST(MemoryCache, CallersThatWereQuietLongestAreForgotten) {
  const auto cache = make_memory_cache({.max_numbers = 100});
  (void)cache->raise("first", 0, 5, 10, 1h);
  for (int i = 0; i < 60; ++i) (void)cache->raise(std::to_string(i), 0, 1, 10, 1h);
  EXPECT_EQ(cache->raise("first", 0, 0, 10, 1h)->value, 5) << "it is among the last hundred";
  for (int i = 0; i < 200; ++i) (void)cache->raise(std::to_string(i), 0, 1, 10, 1h);
  EXPECT_EQ(cache->raise("first", 0, 0, 10, 1h)->value, 0);
}

}  // namespace
}  // namespace vf::cache::testing
