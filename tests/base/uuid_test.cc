#include "base/uuid.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace vf {
namespace {

TEST(Uuid, IsVersionSevenAndCarriesTheTime) {
  const auto id = make_uuid();
  ASSERT_TRUE(is_uuid(id)) << id;
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  const auto at = std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_NEAR(static_cast<double>(at), static_cast<double>(now.count()), 60'000.0);
}

TEST(Uuid, OnesOfOneThreadAreSortedAndOnesOfManyAreDistinct) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made)
      threads.emplace_back([&mine] {
        for (int i = 0; i < 20'000; ++i) mine.push_back(make_uuid());
      });
  }
  std::set<std::string> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 80'000u);
}

TEST(Uuid, ShapeIsChecked) {
  EXPECT_FALSE(is_uuid(""));
  EXPECT_FALSE(is_uuid("0193A1B2-0000-7000-8000-000000000000"));
  EXPECT_FALSE(is_uuid("0193a1b2-0000-7000-8000-00000000000/"));
  EXPECT_FALSE(is_uuid("0193a1b200000-7000-8000-000000000000"));
  EXPECT_TRUE(is_uuid("0193a1b2-0000-7000-8000-000000000000"));
}

}  // namespace
}  // namespace vf
