// What is found from the records of pictures: pure functions, so records are made up here.
#include "media/analysis/findings.h"

#include <gtest/gtest.h>

namespace vf::media::analysis {
namespace {

// 25 pictures a second at 1/1000, moving, filling 640x360.
std::vector<FrameRecord> film(int count) {
  std::vector<FrameRecord> out;
  for (int i = 0; i < count; ++i) {
    FrameRecord r;
    r.pts = i * 40;
    r.difference = i == 0 ? -1.0F : 0.02F;
    r.width = 640;
    r.height = 360;
    r.left = r.top = 0;
    r.right = 639;
    r.bottom = 359;
    r.fields = Fields::progressive;
    out.push_back(r);
  }
  return out;
}

VideoFindings find(const std::vector<FrameRecord>& records, std::int64_t errors_at_end = 0, bool variable = false) {
  VideoIndex index;
  index.time_base = {1, 1000};
  for (const auto& r : records) index.frame_ticks.push_back(r.pts);
  if (!records.empty()) index.end_ticks = records.back().pts + 40;
  VideoFacts facts;
  facts.time_base = {1, 1000};
  facts.variable_rate = variable;
  return find_in_video(records, index, facts, errors_at_end);
}

TEST(Findings, NothingIsFoundInAnOrdinaryFilm) {
  const auto found = find(film(200));
  EXPECT_EQ(found.frames, 200);
  EXPECT_DOUBLE_EQ(found.end_seconds, 8);
  EXPECT_TRUE(found.black.empty() && found.freeze.empty() && found.dropped.empty() && found.duplicated.empty());
  EXPECT_TRUE(found.decode_errors.empty() && found.boxed.empty() && found.scene_cuts.empty());
  EXPECT_EQ(found.interlacing.verdict, "progressive");
  EXPECT_EQ(found.area->kind, "full");
}

TEST(Findings, AnEmptyFilmHasNone) { EXPECT_EQ(find({}).frames, 0); }

TEST(Findings, BlackLastsToTheNextPicture) {
  auto records = film(200);
  for (int i = 50; i < 100; ++i) records[i].black_share = 0.99F;
  for (int i = 150; i < 199; ++i) records[i].black_share = 0.99F;  // 1.96 s: too short
  const auto found = find(records);
  ASSERT_EQ(found.black.size(), 1U);
  EXPECT_DOUBLE_EQ(found.black[0].from, 2);
  EXPECT_DOUBLE_EQ(found.black[0].to, 4);
}

TEST(Findings, AFreezeBeginsWithThePictureThatStands) {
  auto records = film(200);
  for (int i = 51; i < 100; ++i) records[i].still = 1, records[i].difference = 0;
  const auto found = find(records);
  ASSERT_EQ(found.freeze.size(), 1U);
  EXPECT_DOUBLE_EQ(found.freeze[0].from, 2);
  EXPECT_DOUBLE_EQ(found.freeze[0].to, 4);
  EXPECT_TRUE(found.duplicated.empty());
}

TEST(Findings, ChunksKnowOneAnotherByTheirBoundary) {
  const auto whole = film(100);
  std::vector<FrameRecord> first(whole.begin(), whole.begin() + 50);
  std::vector<FrameRecord> second(whole.begin() + 50, whole.end());
  second[0].difference = -1;
  second[0].fields = Fields::unknown;
  auto boundary = second[0];
  boundary.boundary = 1;
  boundary.still = 1;
  boundary.difference = 0.0001F;
  boundary.fields = Fields::top_first;
  first.push_back(boundary);
  const auto joined = join_records({first, second});
  ASSERT_EQ(joined.size(), 100U);
  EXPECT_EQ(joined[50].still, 1);
  EXPECT_EQ(joined[50].fields, Fields::top_first);
  EXPECT_EQ(joined[50].boundary, 0);
}

TEST(Findings, GapsCountThePicturesThatAreMissing) {
  auto records = film(100);
  records.erase(records.begin() + 40, records.begin() + 43);
  const auto found = find(records);
  EXPECT_EQ(found.dropped_frames, 3);
  ASSERT_EQ(found.dropped.size(), 1U);
  EXPECT_DOUBLE_EQ(found.dropped[0].from, 1.6);
  EXPECT_DOUBLE_EQ(found.dropped[0].to, 1.72);
  // A rate that varies by nature misses nothing until it pauses for long.
  EXPECT_TRUE(find(records, 0, true).dropped.empty());
}

TEST(Findings, ARepeatedPictureNeedsMovementOnBothSides) {
  auto records = film(100);
  records[50].still = 1, records[50].difference = 0.0005F;
  auto found = find(records);
  EXPECT_EQ(found.duplicated_frames, 1);
  ASSERT_EQ(found.duplicated.size(), 1U);
  EXPECT_DOUBLE_EQ(found.duplicated[0].from, 2);
  for (int i = 0; i < 50; ++i) records[i].still = i > 0, records[i].difference = 0;
  EXPECT_EQ(find(records).duplicated_frames, 0);
  // As much as a tenth of what moves around it is a small movement, not the same picture.
  records = film(100);
  records[50].still = 1, records[50].difference = 0.0021F;
  EXPECT_EQ(find(records).duplicated_frames, 0);
}

TEST(Findings, LostPicturesAreThoseTheIndexPromised) {
  auto records = film(100);
  VideoIndex index;
  index.time_base = {1, 1000};
  for (const auto& r : records) index.frame_ticks.push_back(r.pts);
  index.end_ticks = 4000;
  records.erase(records.begin() + 20, records.begin() + 30);
  VideoFacts facts;
  facts.time_base = {1, 1000};
  const auto found = find_in_video(records, index, facts, 0);
  EXPECT_EQ(found.lost_frames, 10);
  ASSERT_EQ(found.lost.size(), 1U);
  EXPECT_DOUBLE_EQ(found.lost[0].from, 0.8);
  EXPECT_DOUBLE_EQ(found.lost[0].to, 1.2);
}

TEST(Findings, DamageNearToOneAnotherIsOnePlace) {
  auto records = film(200);
  records[50].damaged = 1;
  records[55].errors = 2;
  records[150].damaged = 1;
  const auto found = find(records, 3);
  ASSERT_EQ(found.decode_errors.size(), 3U);
  EXPECT_DOUBLE_EQ(found.decode_errors[0].from, 2);
  EXPECT_DOUBLE_EQ(found.decode_errors[0].to, 2.24);
  EXPECT_EQ(found.decode_errors[0].pictures, 1);
  EXPECT_EQ(found.decode_errors[0].packets, 2);
  EXPECT_EQ(found.decode_errors[2].packets, 3);
}

TEST(Findings, OneOddPictureMakesNoFilmInterlaced) {
  auto records = film(200);
  records[50].fields = Fields::top_first;
  EXPECT_EQ(find(records).interlacing.top_first, 0);
  for (int i = 100; i < 200; ++i) records[i].fields = Fields::bottom_first;
  const auto found = find(records).interlacing;
  EXPECT_EQ(found.verdict, "mixed");
  ASSERT_EQ(found.intervals.size(), 1U);
  EXPECT_EQ(found.intervals[0].order, "bottom-first");
  EXPECT_NEAR(found.intervals[0].from, 4, 0.13);
}

TEST(Findings, BarsOfAFilmAndOfAPart) {
  auto records = film(200);
  for (auto& r : records) r.top = 45, r.bottom = 314;
  auto found = find(records);
  EXPECT_EQ(found.area->kind, "letterbox");
  EXPECT_EQ(found.area->y, 44);
  EXPECT_EQ(found.area->height, 272);
  records = film(200);
  for (int i = 50; i < 150; ++i) records[i].left = 80, records[i].right = 559;
  found = find(records);
  EXPECT_EQ(found.area->kind, "full");
  ASSERT_EQ(found.boxed.size(), 1U);
  EXPECT_EQ(found.boxed[0].area.kind, "pillarbox");
  EXPECT_DOUBLE_EQ(found.boxed[0].from, 2);
  EXPECT_DOUBLE_EQ(found.boxed[0].to, 6);
  // Dark on one side alone is no bar.
  records = film(200);
  for (auto& r : records) r.left = 80;
  EXPECT_EQ(find(records).area->kind, "uneven");
}

TEST(Findings, ACutIsARiseOfTheDifference) {
  auto records = film(100);
  records[40].difference = 0.2F;
  EXPECT_EQ(find(records).scene_cuts, std::vector<double>{1.6});
}

}  // namespace
}  // namespace vf::media::analysis
