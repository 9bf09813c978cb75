// The planner as a pure function: what is decided for which source, and why.
#include "pipeline/plans/transcode.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/plans/fit.h"
#include "pipeline/stages/grow.h"

namespace vf::pipeline {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// 20 s of 720p25 with a key frame every 2 s, closed, 1.5 Mbit/s: fits the 720p rung as it is.
Inspection fitting_source() {
  Inspection source;
  source.info.container = "mp4";
  source.info.bytes = 4'000'000;
  source.info.duration_seconds = 20;
  media::StreamInfo video;
  video.kind = "video";
  video.codec = "h264";
  video.codec_tag = "avc1";
  video.decodable = true;
  video.time_base = {1, 12800};
  video.duration_seconds = 20;
  video.packets = 500;
  video.bytes = 3'750'000;
  video.bit_rate = 1'500'000;
  video.peak_bit_rate = 2'000'000;
  video.is_default = true;
  media::VideoInfo v;
  v.width = v.display_width = 1280;
  v.height = v.display_height = 720;
  v.nominal_rate = v.average_rate = {25, 1};
  v.pixel_format = "yuv420p";
  v.chroma = "4:2:0";
  v.field_order = "progressive";
  v.color = {"limited", "bt709", "bt709", "bt709", "sdr", {}};
  v.gop = {10, 2, 2, true, true, 2};
  v.frames = 500;
  video.video = v;
  media::StreamInfo sound;
  sound.index = 1;
  sound.kind = "audio";
  sound.codec = "aac";
  sound.decodable = true;
  sound.packets = 900;
  sound.duration_seconds = 20;
  sound.language = "de";
  sound.audio = media::AudioInfo{48000, 2, "stereo", "fltp", {}};
  source.info.streams = {video, sound};
  source.index.stream_index = 0;
  source.index.time_base = video.time_base;
  for (int i = 0; i < 500; ++i) {
    source.index.frame_ticks.push_back(i * 512);
    if (i % 50 == 0) source.index.key_ticks.push_back(i * 512);
  }
  source.index.end_ticks = 500 * 512;
  return source;
}

media::VideoInfo& video_of(Inspection& source) { return *source.info.streams[0].video; }

std::vector<std::string> decisions(const TranscodePlan& plan) {
  std::vector<std::string> out;
  for (const auto& d : plan.decisions) out.push_back(d.kind + " " + d.action + " " + d.target + ": " + d.reason);
  return out;
}

TranscodePlan planned(const Inspection& source, const TranscodeOptions& options = {}) {
  auto plan = plan_transcode(source, options, {});
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().message);
  return plan ? std::move(*plan) : TranscodePlan{};
}

std::string refused(const Inspection& source, const TranscodeOptions& options = {}) {
  const auto plan = plan_transcode(source, options, {});
  return plan ? "accepted" : plan.error().message;
}

TEST(TranscodePlan, WhatFitsIsCopiedAndTheOtherRungsFollowItsKeyFrames) {
  const auto source = fitting_source();
  const auto plan = planned(source);
  EXPECT_THAT(decisions(plan), Contains(HasSubstr("video copy 720p: it fits")));
  EXPECT_THAT(decisions(plan), Contains(HasSubstr("video encode 480p: scaled to 854x480")));
  EXPECT_THAT(decisions(plan), Contains(HasSubstr("audio encode de")));
  for (const auto& chunk : plan.cutting.chunks)
    for (const auto start : chunk.segment_starts)
      EXPECT_TRUE(std::ranges::binary_search(source.index.key_ticks, start));
}

TEST(TranscodePlan, EveryReasonNotToCopyIsSaid) {
  struct Case {
    void (*change)(Inspection&);
    const char* reason;
  };
  const Case cases[] = {
      {[](Inspection& s) { s.info.streams[0].codec = "mpeg4"; }, "it is mpeg4"},
      {[](Inspection& s) { video_of(s).rotation = 90; }, "turned upright"},
      {[](Inspection& s) { video_of(s).sample_aspect = {4, 3}; }, "not square"},
      {[](Inspection& s) { video_of(s).field_order = "top-first"; }, "interlaced"},
      {[](Inspection& s) { video_of(s).bit_depth = 10; }, "10 bit"},
      {[](Inspection& s) { video_of(s).color.range = "full"; }, "full range"},
      {[](Inspection& s) { s.info.streams[0].bit_rate = 2'500'000; }, "above the cap"},
      {[](Inspection& s) { s.info.streams[0].peak_bit_rate = 3'100'000; }, "busiest second"},
      {[](Inspection& s) { video_of(s).gop.closed = false; }, "groups of pictures are open"},
      {[](Inspection& s) { video_of(s).gop.max_seconds = 6.5; }, "without a key frame"},
      {[](Inspection& s) { video_of(s).gop.constant_parameter_sets = false; }, "parameters change"},
  };
  for (const auto& c : cases) {
    auto source = fitting_source();
    c.change(source);
    EXPECT_THAT(decisions(planned(source)), Contains(AllOf(HasSubstr("video encode 720p"), HasSubstr(c.reason))))
        << c.reason;
  }
}

TEST(TranscodePlan, TheSamePlanWhateverElseIsAskedFor) {
  const auto source = fitting_source();
  TranscodeOptions one;
  one.copy = false;
  one.ladder = {"480p"};
  auto more = one;
  more.ladder = {"480p", "360p"};
  more.poster_seconds = 3;
  const auto stages = [](const TranscodePlan& plan) {
    std::vector<std::string> out;
    for (const auto& stage : plan.plan.stages)
      if (stage.kind == "encode" && stage.id.ends_with("480p")) out.push_back(dump(stage.params));
    return out;
  };
  EXPECT_EQ(stages(planned(source, one)), stages(planned(source, more)))
      << "an added rung must not change the others' keys";
}

TEST(TranscodePlan, AClipIsCutOutOfTheFramesAndMayStillBeCopied) {
  TranscodeOptions options;
  options.clip = ClipRange{4, 12};
  const auto plan = planned(fitting_source(), options);
  EXPECT_EQ(plan.cutting.frames, 200);
  EXPECT_DOUBLE_EQ(plan.start_seconds, 4);
  EXPECT_DOUBLE_EQ(plan.duration_seconds, 8);
  EXPECT_THAT(decisions(plan), Contains(HasSubstr("video copy 720p")));
  options.clip = ClipRange{5, 12};
  EXPECT_THAT(decisions(planned(fitting_source(), options)),
              Contains(HasSubstr("the clip does not begin at a key frame")));
  options.clip = ClipRange{50, 60};
  EXPECT_THAT(refused(fitting_source(), options), HasSubstr("outside the film"));
}

TEST(TranscodePlan, SeveralCodecsGetNamesOfTheirOwn) {
  TranscodeOptions options;
  options.codecs = {"hevc", "h264"};
  options.ladder = {"480p"};
  const auto plan = planned(fitting_source(), options);
  std::vector<std::string> files;
  for (const auto& video : plan.videos) files.push_back(video.file);
  EXPECT_THAT(files, ElementsAre("video_480p.mp4", "video_480p_h264.mp4"));
}

TEST(TranscodePlan, WhatCannotBeStreamedIsAnsweredClearly) {
  auto picture = fitting_source();
  picture.info.container = "png_pipe";
  picture.info.streams.pop_back();
  EXPECT_THAT(refused(picture), HasSubstr("single picture"));
  auto exotic = fitting_source();
  exotic.info.streams[0].decodable = false;
  EXPECT_THAT(refused(exotic), HasSubstr("not on the list"));
  auto damaged = exotic;
  damaged.info.warnings.push_back({"undecodable-picture", ""});
  EXPECT_THAT(refused(damaged), HasSubstr("damaged"));
  TranscodeOptions crop;
  crop.crop = media::Crop{1000, 1000, 500, 0};
  EXPECT_THAT(refused(fitting_source(), crop), HasSubstr("reaches outside"));
}

TEST(TranscodePlan, SoundAloneIsASetOfItsOwn) {
  auto source = fitting_source();
  source.info.streams.erase(source.info.streams.begin());
  source.index = {};
  const auto plan = planned(source);
  EXPECT_TRUE(plan.videos.empty());
  ASSERT_EQ(plan.audios.size(), 1U);
  EXPECT_EQ(plan.audios[0].file, "audio_de.mp4");
}

TEST(TranscodePlan, TracksOfOneLanguageGetNumbersAndOneDefault) {
  auto source = fitting_source();
  auto second = source.info.streams[1];
  second.index = 2;
  second.is_default = true;
  source.info.streams.push_back(second);
  const auto plan = planned(source);
  ASSERT_EQ(plan.audios.size(), 2U);
  EXPECT_EQ(plan.audios[1].file, "audio_de_2.mp4");
  EXPECT_FALSE(plan.audios[0].is_default);
  EXPECT_TRUE(plan.audios[1].is_default);
}

// What can be shown of it begins with one short chunk of the lowest rendition, and nothing else is made for that.
TEST(TranscodePlan, WhereSomebodyWatchesTheLowestRenditionIsMadeFirst) {
  auto source = fitting_source();
  source.info.streams[0].codec = "hevc";
  const auto whole = plan_transcode(source, {}, {});
  ASSERT_TRUE(whole);
  EXPECT_TRUE(first_shown(*whole).stages.empty());
  const auto plan = plan_transcode(source, {}, {}, {}, "2026-11-21T00:00:00.000Z");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->cutting.chunks[0].segment_starts.size(), 1U);
  std::vector<std::string> ids;
  for (const auto& stage : first_shown(*plan).stages) ids.push_back(stage.id);
  EXPECT_THAT(ids, testing::UnorderedElementsAre("encode/0000/360p", "verify-picture/0000/360p", "audio/de",
                                                 "verify-sound/de", "grow/0000"));
  const auto shows = std::ranges::count(plan->plan.stages, "grow", &jobs::Stage::kind);
  EXPECT_EQ(static_cast<std::size_t>(shows), plan->cutting.chunks.size());
  // Of every rendition, and of everything: those who followed are told the end.
  const auto last = fmt::format("grow/{:04}", plan->cutting.chunks.size() - 1);
  const auto params = *from_json<GrowParams>(std::ranges::find(plan->plan.stages, last, &jobs::Stage::id)->params);
  EXPECT_EQ(params.video.size(), plan->videos.size());
  EXPECT_TRUE(params.complete);
}

TEST(TranscodePlan, AnEncryptedSetDoesNotGrow) {
  TranscodeOptions options;
  options.encrypt = "cbcs";
  const auto plan = plan_transcode(fitting_source(), options, {},
                                   ContentKey{std::string(32, 'a'), std::string(32, 'b')}, "2026-11-21T00:00:00.000Z");
  ASSERT_TRUE(plan);
  EXPECT_EQ(std::ranges::count(plan->plan.stages, "grow", &jobs::Stage::kind), 0);
}

TEST(TranscodePlan, APlayableSourceIsShownAsItIsWhateverItsSound) {
  auto source = fitting_source();
  source.info.streams[1].codec = "ac3";
  const auto head = plan_head(source, {}, {}, "2026-11-21T00:00:00.000Z");
  ASSERT_TRUE(head);
  ASSERT_TRUE(*head);
  EXPECT_FALSE((*head)->audios[0].copied);
  EXPECT_FALSE((*head)->audios[0].proof_stage.empty());
  EXPECT_TRUE((*head)->videos[0].copied);
}

}  // namespace
}  // namespace vf::pipeline
