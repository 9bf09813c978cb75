#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace vf {
namespace {

TEST(Rfc3339, WritesAndReadsMilliseconds) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(1'709'210'096'789), "2024-02-29T12:34:56.789Z");
  for (const std::int64_t at : {0LL, 1LL, 951'782'399'999LL, 1'709'210'096'789LL, 4'102'444'800'000LL})
    EXPECT_EQ(parse_rfc3339(format_rfc3339(at)), at);
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(parse_rfc3339("1970-01-01t00:00:00.5z"), 500);
  EXPECT_EQ(parse_rfc3339("1970-01-01 00:00:00.123456789Z"), 123);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:30:00-01:00"), 1'800'000);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2016-12-31T23:59:59Z"));
}

TEST(Rfc3339, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:00.Z", "2024-1-1T00:00:00Z", "2024-01-01T00:00:00ZZ",
        "2024-01-01T00:00:00+1:00", "1969-12-31T00:00:00Z", "-024-01-01T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace vf
