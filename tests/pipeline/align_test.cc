// Which pictures of two films belong together.
#include "pipeline/plans/align.h"

#include <gtest/gtest.h>

namespace vf::pipeline {
namespace {

media::VideoIndex film(std::vector<std::int64_t> ticks, Rational base = {1, 1000}) {
  media::VideoIndex out;
  out.time_base = base;
  out.frame_ticks = std::move(ticks);
  return out;
}

media::VideoIndex regular(int count, std::int64_t step, std::int64_t first = 0, Rational base = {1, 1000}) {
  std::vector<std::int64_t> ticks;
  for (int i = 0; i < count; ++i) ticks.push_back(first + i * step);
  return film(ticks, base);
}

TEST(Align, EqualTimesAreEqualPlaces) {
  const auto a = regular(100, 40);
  const auto b = regular(100, 3600, 126'000, {1, 90'000});
  const auto out = align({a, 0}, {b, 1.4}, "auto", 0);
  EXPECT_EQ(out.mode, "first");
  EXPECT_EQ(out.a, a.frame_ticks);
  EXPECT_EQ(out.b, b.frame_ticks);
  EXPECT_TRUE(out.only_a.empty() && out.only_b.empty());
}

TEST(Align, SoundThatBeginsALittleEarlierChangesNothing) {
  const auto a = regular(50, 40);
  const auto b = regular(50, 40, 23);
  const auto out = align({a, 0}, {b, 0}, "auto", 0);
  EXPECT_EQ(out.mode, "first");
  EXPECT_EQ(out.a.size(), 50U);
  EXPECT_DOUBLE_EQ(out.offset_seconds, -0.023);
}

TEST(Align, ALostBeginningStaysInStepByTheClock) {
  const auto a = regular(50, 40);
  const auto b = regular(45, 40, 200);
  const auto out = align({a, 0}, {b, 0}, "auto", 0);
  EXPECT_EQ(out.mode, "clock");
  EXPECT_EQ(out.b, b.frame_ticks);
  EXPECT_EQ(out.only_a, (std::vector<std::int64_t>{0, 40, 80, 120, 160}));
  EXPECT_EQ(align({a, 0}, {b, 0}, "first", 0).only_a.front(), 45 * 40);
}

TEST(Align, HalfTheRateLeavesEverySecondPictureAlone) {
  const auto a = regular(50, 20);
  const auto b = regular(25, 40);
  const auto out = align({a, 0}, {b, 0}, "first", 0);
  EXPECT_EQ(out.b, b.frame_ticks);
  EXPECT_EQ(out.only_a.size(), 25U);
}

TEST(Align, NobodyHasTwoPartners) {
  const auto a = film({0, 40, 80, 120});
  const auto b = film({0, 41, 45, 80, 118});
  const auto out = align({a, 0}, {b, 0}, "first", 0);
  EXPECT_EQ(out.b, (std::vector<std::int64_t>{0, 41, 80, 118}));
  EXPECT_EQ(out.only_b, std::vector<std::int64_t>{45});
}

TEST(Align, AShiftFindsAPart) {
  const auto a = regular(250, 40);
  const auto b = regular(50, 40);
  const auto out = align({a, 0}, {b, 0}, "auto", 4);
  ASSERT_EQ(out.a.size(), 50U);
  EXPECT_EQ(out.a.front(), 4000);
  EXPECT_TRUE(align({a, 0}, {b, 0}, "auto", 500).a.empty());
}

}  // namespace
}  // namespace vf::pipeline
