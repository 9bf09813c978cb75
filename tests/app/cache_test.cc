#include "app/cache.h"

#include <gtest/gtest.h>

namespace vf::app {
namespace {

TEST(ParseSize, KnowsTheUsualWays) {
  EXPECT_EQ(*parse_size("0"), 0);
  EXPECT_EQ(*parse_size("500M"), 500LL << 20);
  EXPECT_EQ(*parse_size("10G"), 10LL << 30);
  EXPECT_EQ(*parse_size("1.5 GiB"), 3LL << 29);
  for (const auto* wrong : {"", "x", "10X", "-1", "10GG", "1e99T"}) EXPECT_FALSE(parse_size(wrong)) << wrong;
}

}  // namespace
}  // namespace vf::app
