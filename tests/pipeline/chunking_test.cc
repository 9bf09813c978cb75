#include "pipeline/plans/chunking.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace vf::pipeline {
namespace {

// Frames every 40 ticks of 1/1000 s, key frames every `gop` frames.
media::VideoIndex film(int frames, int gop, std::int64_t first = 0) {
  media::VideoIndex index;
  index.stream_index = 0;
  index.time_base = {1, 1000};
  for (int i = 0; i < frames; ++i) {
    index.frame_ticks.push_back(first + i * 40);
    if (i % gop == 0) index.key_ticks.push_back(first + i * 40);
  }
  index.first_ticks = first;
  index.end_ticks = first + frames * 40;
  return index;
}

// What must hold of every cutting: nothing lost, nothing twice, borders on frames.
void expect_whole(const media::VideoIndex& index, const Cutting& cutting) {
  ASSERT_FALSE(cutting.chunks.empty());
  std::int64_t at = cutting.origin;
  std::int64_t frames = 0;
  int segments = 0;
  for (const auto& chunk : cutting.chunks) {
    EXPECT_EQ(chunk.start, at);
    EXPECT_EQ(chunk.first_segment, segments);
    EXPECT_EQ(chunk.segment_starts.front(), chunk.start);
    EXPECT_TRUE(std::ranges::is_sorted(chunk.segment_starts));
    for (const auto start : chunk.segment_starts) EXPECT_TRUE(std::ranges::binary_search(index.frame_ticks, start));
    at = chunk.end;
    frames += chunk.frames;
    segments += static_cast<int>(chunk.segment_starts.size());
  }
  EXPECT_EQ(at, cutting.end);
  EXPECT_EQ(frames, cutting.frames);
  EXPECT_EQ(segments, cutting.segments);
}

TEST(Chunking, ChunksStartAtKeyFramesAndSegmentsAreTwoSeconds) {
  const auto index = film(750, 50);  // 30 s, a key frame every 2 s
  const auto cutting = cut(index, 0, INT64_MAX, false);
  expect_whole(index, cutting);
  EXPECT_EQ(cutting.segments, 15);
  for (const auto& chunk : cutting.chunks) EXPECT_TRUE(std::ranges::binary_search(index.key_ticks, chunk.start));
}

TEST(Chunking, SparseKeyFramesStretchChunksInsteadOfDecodingTwice) {
  const auto index = film(750, 250);  // a key frame every 10 s
  const auto cutting = cut(index, 0, INT64_MAX, false);
  expect_whole(index, cutting);
  for (const auto& chunk : cutting.chunks) EXPECT_TRUE(std::ranges::binary_search(index.key_ticks, chunk.start));
}

TEST(Chunking, OneKeyFrameInAMinuteStillGivesChunks) {
  const auto index = film(1500, 1500);
  const auto cutting = cut(index, 0, INT64_MAX, false);
  expect_whole(index, cutting);
  EXPECT_GT(cutting.chunks.size(), 5U);
}

TEST(Chunking, ACopiedRungPutsEverySegmentOnAKeyFrame) {
  const auto index = film(750, 30);  // a key frame every 1.2 s
  const auto cutting = cut(index, 0, INT64_MAX, true);
  expect_whole(index, cutting);
  for (const auto& chunk : cutting.chunks)
    for (const auto start : chunk.segment_starts) EXPECT_TRUE(std::ranges::binary_search(index.key_ticks, start));
}

TEST(Chunking, WhatSomebodyWaitsForIsOneShortSegment) {
  const auto index = film(750, 50);  // a key frame every 2 s
  const auto cutting = cut(index, 0, INT64_MAX, false, true);
  expect_whole(index, cutting);
  EXPECT_EQ(cutting.chunks[0].segment_starts.size(), 1U);
  EXPECT_EQ(cutting.chunks[0].end, 1000);
  const auto copied = cut(index, 0, INT64_MAX, true, true);
  expect_whole(index, copied);
  EXPECT_EQ(copied.chunks[0].end, 2000);  // the first key frame after that second
}

TEST(Chunking, AFewFramesAreOneSegment) {
  const auto index = film(3, 3, 777);
  const auto cutting = cut(index, INT64_MIN, INT64_MAX, false);
  expect_whole(index, cutting);
  EXPECT_EQ(cutting.chunks.size(), 1U);
  EXPECT_EQ(cutting.segments, 1);
  EXPECT_EQ(cutting.origin, 777);
}

TEST(Chunking, AClipTakesTheFramesInItsRange) {
  const auto index = film(750, 50);
  const auto cutting = cut(index, 5000, 9000, false);
  expect_whole(index, cutting);
  EXPECT_EQ(cutting.origin, 5000);
  EXPECT_EQ(cutting.end, 9000);
  EXPECT_EQ(cutting.frames, 100);
  EXPECT_TRUE(cut(index, 90'000, 95'000, false).chunks.empty());
}

TEST(Chunking, ALongFilmHasABoundedNumberOfChunks) {
  const auto index = film(25 * 7200, 50);
  const auto cutting = cut(index, 0, INT64_MAX, false);
  expect_whole(index, cutting);
  EXPECT_LE(cutting.chunks.size(), static_cast<std::size_t>(kMaxChunks) * 5 / 4);
}

TEST(Chunking, APauseOfTenSecondsWithoutFramesIsOneSegment) {
  auto index = film(250, 50);
  for (std::size_t i = 125; i < index.frame_ticks.size(); ++i) index.frame_ticks[i] += 10'000;
  for (auto& key : index.key_ticks)
    if (key >= 5000) key += 10'000;
  index.end_ticks += 10'000;
  const auto cutting = cut(index, 0, INT64_MAX, false);
  expect_whole(index, cutting);
}

}  // namespace
}  // namespace vf::pipeline
