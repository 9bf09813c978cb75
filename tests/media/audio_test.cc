// Sound: what a listener would notice. Clicks tell where sound lies to the sample.
#include "media/audio/audio_track.h"

#include <cmath>

#include <gmock/gmock.h>

#include "media/audio/loudness.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media_support.h"

namespace vf::media::audio {
namespace {

using namespace vf::test;
using testing::HasSubstr;

class AudioTest : public testing::Test {
 protected:
  // A click every second on a faint hum: `aevalsrc` so that places are exact.
  static std::string clicks(double seconds, int rate = 48000) {
    return fmt::format(
        "-f lavfi -i "
        "\"aevalsrc='0.8*lt(mod(t+0.0000001,1),0.002)+0.01*sin(880*t)|0.8*lt(mod(t+0.0000001,1),0.002)+0.01*sin(880*t)'"
        ":s={}:d={}\"",
        rate, seconds);
  }

  AudioTrack encode(const std::filesystem::path& source, const AudioSpec& spec) {
    const auto in = open_input(source);
    const auto out = new_file(folder_ / "chunk");
    auto track = encode_audio_track(in.get(), spec, out.get());
    EXPECT_TRUE(track.has_value()) << track.error().message << " " << track.error().detail;
    if (!track) return {};
    join_track(track->chunk, folder_ / "chunk", folder_ / "track.mp4");
    return *track;
  }

  // Seconds at which clicks begin in the joined track.
  std::vector<double> clicks_in_track(int channels = 2, int rate = 48000) {
    const auto samples = samples_of(folder_ / "track.mp4");
    return clicks_in(samples, channels, rate);
  }
  static std::vector<double> clicks_in(const std::vector<float>& samples, int channels, int rate) {
    std::vector<double> out;
    for (std::size_t i = 0; i < samples.size() / static_cast<std::size_t>(channels); ++i) {
      const double t = static_cast<double>(i) / rate;
      if (std::abs(samples[i * static_cast<std::size_t>(channels)]) > 0.35F && (out.empty() || t - out.back() > 0.2))
        out.push_back(t);
    }
    return out;
  }
  double track_seconds(int channels = 2, int rate = 48000) {
    return static_cast<double>(samples_of(folder_ / "track.mp4").size()) / channels / rate;
  }

  TempFolder folder_;
};

TEST_F(AudioTest, ClicksStayWhereTheyAre) {
  compose(clicks(5) + " -c:a pcm_s16le", folder_ / "in.wav");
  for (const std::string codec : {"aac", "opus"}) {
    const auto track = encode(folder_ / "in.wav", {.codec = codec, .duration_seconds = 5});
    EXPECT_GT(track.chunk.priming, 0) << codec;
    const auto at = clicks_in_track();
    ASSERT_EQ(at.size(), 5U) << codec;
    for (std::size_t i = 0; i < at.size(); ++i) EXPECT_NEAR(at[i], static_cast<double>(i), 0.002) << codec;
    EXPECT_NEAR(track_seconds(), 5.0, 0.022) << codec;
    EXPECT_EQ(track.chunk.duration - track.chunk.priming, 5 * 48000) << codec;
  }
}

TEST_F(AudioTest, AacFromMp4IsNotDelayedTwice) {
  compose(clicks(4) + " -c:a aac -b:a 192k", folder_ / "in.mp4");
  encode(folder_ / "in.mp4", {.duration_seconds = 4});
  const auto at = clicks_in_track();
  ASSERT_EQ(at.size(), 4U);
  EXPECT_NEAR(at[0], 0, 0.002);
  EXPECT_NEAR(at[3], 3, 0.002);
}

TEST_F(AudioTest, RangeMovesTheOrigin) {
  compose(clicks(6) + " -c:a pcm_s16le", folder_ / "in.wav");
  encode(folder_ / "in.wav", {.start_seconds = 1.25, .duration_seconds = 3});
  const auto at = clicks_in_track();
  ASSERT_EQ(at.size(), 3U);
  EXPECT_NEAR(at[0], 0.75, 0.002);
  EXPECT_NEAR(track_seconds(), 3, 0.022);
}

TEST_F(AudioTest, LateStartAndEarlyEndAreSilent) {
  compose(clicks(2) + " -c:a pcm_s16le -output_ts_offset 0.5", folder_ / "in.mkv");
  const auto track = encode(folder_ / "in.mkv", {.duration_seconds = 4});
  const auto at = clicks_in_track();
  ASSERT_EQ(at.size(), 2U);
  EXPECT_NEAR(at[0], 0.5, 0.002);
  EXPECT_NEAR(at[1], 1.5, 0.002);
  EXPECT_NEAR(track.repairs.late_start_seconds, 0.5, 0.002);
  EXPECT_NEAR(track.repairs.early_end_seconds, 1.5, 0.01);
  EXPECT_NEAR(track_seconds(), 4, 0.022);
}

TEST_F(AudioTest, NegativeStartIsCut) {
  compose(clicks(3) + " -c:a pcm_s16le", folder_ / "in.wav");
  encode(folder_ / "in.wav", {.start_seconds = 0.3, .duration_seconds = 2.7});
  const auto at = clicks_in_track();
  ASSERT_EQ(at.size(), 2U);
  EXPECT_NEAR(at[0], 0.7, 0.002);
}

TEST_F(AudioTest, GapBecomesSilenceOfItsLength) {
  // Seconds 1.5 to 2.5 are cut out of the packets; the time stamps stay.
  compose(clicks(5) + " -c:a pcm_s16le", folder_ / "whole.mkv");
  run(fmt::format(
      "ffmpeg -v error -y -i '{0}/whole.mkv' -c copy -bsf:a 'noise=drop=between(pts\\,1500\\,2499)' '{0}/in.mkv'",
      folder_.path().string()));
  const auto track = encode(folder_ / "in.mkv", {.duration_seconds = 5});
  const auto at = clicks_in_track();
  ASSERT_EQ(at.size(), 4U);
  EXPECT_NEAR(at[2], 3, 0.003);
  EXPECT_NEAR(at[3], 4, 0.003);
  EXPECT_EQ(track.repairs.gaps, 1);
  EXPECT_NEAR(track.repairs.gap_seconds, 1.0, 0.05);
  ASSERT_FALSE(track.chunk.warnings.empty());
  EXPECT_EQ(track.chunk.warnings[0].code, "audio-gaps");
}

TEST_F(AudioTest, DriftingClockIsFollowed) {
  // 0.3 % slow: at the end of 20 s the clicks would be 60 ms early.
  compose(clicks(20) + " -c:a pcm_s16le", folder_ / "whole.mkv");
  run(fmt::format("ffmpeg -v error -y -i '{0}/whole.mkv' -c copy -bsf:a 'setts=ts=TS*1.003' '{0}/in.mkv'",
                  folder_.path().string()));
  const auto track = encode(folder_ / "in.mkv", {.duration_seconds = 20});
  const auto at = clicks_in_track();
  ASSERT_GE(at.size(), 19U);
  for (std::size_t i = 0; i < at.size(); ++i) EXPECT_NEAR(at[i], static_cast<double>(i) * 1.003, 0.010) << i;
  EXPECT_NEAR(track.repairs.stretched_seconds, 0.06, 0.02);
}

TEST_F(AudioTest, MillisecondStampsChangeNothing) {
  compose(clicks(10, 44100) + " -c:a aac", folder_ / "in.flv");
  const auto track = encode(folder_ / "in.flv", {.duration_seconds = 10});
  EXPECT_EQ(track.repairs.gaps, 0);
  EXPECT_EQ(track.repairs.stretched_seconds, 0);
  EXPECT_EQ(track.chunk.format.sample_rate, 44100);
  EXPECT_EQ(clicks_in_track(2, 44100).size(), 10U);
}

TEST_F(AudioTest, DamagedPacketsAreSilentAndCounted) {
  compose(clicks(6) + " -c:a ac3 -b:a 192k", folder_ / "whole.mkv");
  run(fmt::format(
      "ffmpeg -v error -y -i '{0}/whole.mkv' -c copy -bsf:a 'noise=amount=between(pts\\,2200\\,2700)*3' '{0}/in.mkv'",
      folder_.path().string()));
  const auto track = encode(folder_ / "in.mkv", {.duration_seconds = 6});
  const auto at = clicks_in_track();
  ASSERT_FALSE(at.empty());
  EXPECT_NEAR(at.back(), 5, 0.01);
  EXPECT_NEAR(track_seconds(), 6, 0.022);
}

TEST_F(AudioTest, ChannelRule) {
  const std::vector<std::pair<std::string, int>> rows{{"mono", 1}, {"stereo", 2}, {"3.0", 2},
                                                      {"quad", 2}, {"5.1", 6},    {"7.1", 6}};
  for (const auto& [layout, channels] : rows) {
    compose(fmt::format("-f lavfi -i anoisesrc=d=1:a=0.1 -af aformat=channel_layouts={} -c:a pcm_s16le", layout),
            folder_ / "in.mkv");
    for (const std::string codec : {"aac", "opus"}) {
      const auto track = encode(folder_ / "in.mkv", {.codec = codec, .duration_seconds = 1});
      EXPECT_EQ(track.chunk.format.channels, channels) << layout << " " << codec;
      EXPECT_NEAR(track_seconds(channels), 1, 0.022) << layout << " " << codec;
    }
  }
}

TEST_F(AudioTest, SegmentsBeginAtTheFirstFrameBorderAfterEachStart) {
  compose(clicks(10) + " -c:a pcm_s16le", folder_ / "in.wav");
  const auto track = encode(folder_ / "in.wav", {.duration_seconds = 10, .segment_starts = {0, 2, 4, 6, 8}});
  ASSERT_EQ(track.chunk.segments.size(), 5U);
  for (std::size_t i = 1; i < 5; ++i) {
    const double start = static_cast<double>(track.chunk.segments[i].start - track.chunk.priming) / 48000;
    EXPECT_GE(start, 2.0 * static_cast<double>(i));
    EXPECT_LT(start, 2.0 * static_cast<double>(i) + 1024.0 / 48000);
  }
}

TEST_F(AudioTest, SameBytesTwice) {
  compose(clicks(3) + " -c:a pcm_s16le", folder_ / "in.wav");
  encode(folder_ / "in.wav", {.duration_seconds = 3});
  const auto first = read_text(folder_ / "chunk");
  encode(folder_ / "in.wav", {.duration_seconds = 3});
  EXPECT_EQ(first, read_text(folder_ / "chunk"));
}

TEST_F(AudioTest, LoudnessTargetIsReachedWithoutClipping) {
  compose("-f lavfi -i anoisesrc=d=8:a=0.02:c=pink:seed=3 -ac 2 -c:a pcm_s16le", folder_ / "quiet.wav");
  const auto track = encode(folder_ / "quiet.wav", {.duration_seconds = 8, .loudness_lufs = -23});
  ASSERT_TRUE(track.source_loudness);
  EXPECT_NEAR(track.gain_db, -23 - track.source_loudness->integrated_lufs, 0.01);
  const auto said =
      run(fmt::format("ffmpeg -nostats -i '{}' -af ebur128=peak=true -f null -", (folder_ / "track.mp4").string()));
  const auto at = said.rfind("I:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NEAR(std::stod(said.substr(at + 2)), -23, 0.5);

  // A peak near full scale holds the gain back.
  compose(clicks(8) + " -c:a pcm_s16le", folder_ / "peaky.wav");
  const auto held = encode(folder_ / "peaky.wav", {.duration_seconds = 8, .loudness_lufs = -10});
  ASSERT_TRUE(held.source_loudness);
  EXPECT_LE(held.gain_db + held.source_loudness->true_peak_dbtp, -1 + 0.01);
}

TEST_F(AudioTest, SilenceHasNoLoudnessAndNoGain) {
  compose("-f lavfi -i anullsrc=d=2 -t 2 -c:a pcm_s16le", folder_ / "in.wav");
  const auto track = encode(folder_ / "in.wav", {.duration_seconds = 2, .loudness_lufs = -16});
  EXPECT_FALSE(track.source_loudness);
  EXPECT_EQ(track.gain_db, 0);
}

TEST_F(AudioTest, CopyKeepsPacketsAndTime) {
  compose(clicks(6) + " -c:a aac -b:a 128k", folder_ / "in.mp4");
  run(fmt::format("ffmpeg -v error -y -i '{0}/in.mp4' -c copy '{0}/in.mkv'", folder_.path().string()));
  run(fmt::format("ffmpeg -v error -y -i '{0}/in.mp4' -c copy -muxdelay 0 -muxpreload 0 '{0}/in.ts'",
                  folder_.path().string()));
  for (const std::string name : {"in.mp4", "in.mkv", "in.ts"}) {
    for (const double start : {0.0, 1.5}) {
      const auto in = open_input(folder_ / name);
      const AudioSpec spec{.start_seconds = start, .duration_seconds = 4, .segment_starts = {0, 2}};
      const auto decision = can_copy_audio(in.get(), spec);
      ASSERT_TRUE(decision && decision->can_copy)
          << name << " " << (decision ? decision->reason : decision.error().message);
      const auto out = new_file(folder_ / "chunk");
      const auto track = copy_audio_track(in.get(), spec, out.get());
      ASSERT_TRUE(track.has_value()) << track.error().message;
      join_track(track->chunk, folder_ / "chunk", folder_ / "track.mp4");
      EXPECT_EQ(track->chunk.segments.size(), 2U);
      // Only MP4 says how much encoder delay to cut; elsewhere the source's own time line counts.
      const auto source = clicks_in(samples_of(folder_ / name), 2, 48000);
      auto at = clicks_in_track();
      ASSERT_GE(at.size(), 4U) << name << " " << start;
      at.resize(4);  // the last packet may be heard a little longer than asked for
      const double delay = source[0];
      for (std::size_t i = 0; i < at.size(); ++i)
        EXPECT_NEAR(at[i] + start, std::ceil(start) + static_cast<double>(i) + delay, 0.003) << name << " " << start;
    }
  }
}

TEST_F(AudioTest, CopyIsRefusedWithTheReason) {
  const auto refusal = [&](const std::string& name, const AudioSpec& spec) {
    const auto in = open_input(folder_ / name);
    const auto decision = can_copy_audio(in.get(), spec);
    EXPECT_TRUE(decision && !decision->can_copy) << name;
    const auto out = new_file(folder_ / "chunk");
    EXPECT_FALSE(copy_audio_track(in.get(), spec, out.get()).has_value());
    return decision ? decision->reason : std::string();
  };
  compose(clicks(4) + " -c:a aac", folder_ / "whole.mkv");
  run(fmt::format(
      "ffmpeg -v error -y -i '{0}/whole.mkv' -c copy -bsf:a 'noise=drop=between(pts\\,1500\\,1999)' '{0}/gap.mkv'",
      folder_.path().string()));
  EXPECT_THAT(refusal("gap.mkv", {.duration_seconds = 4}), HasSubstr("gap"));
  compose(clicks(2) + " -c:a mp3", folder_ / "in.mp3");
  EXPECT_THAT(refusal("in.mp3", {.duration_seconds = 2}), HasSubstr("mp3"));
  EXPECT_THAT(refusal("whole.mkv", {.duration_seconds = 9}), HasSubstr("ends"));
  EXPECT_THAT(refusal("whole.mkv", {.duration_seconds = 4, .gain_db = 3}), HasSubstr("loudness"));
  compose(clicks(2) + " -c:a aac -output_ts_offset 0.5", folder_ / "late.mkv");
  EXPECT_THAT(refusal("late.mkv", {.duration_seconds = 2.4}), HasSubstr("after the picture"));
}

TEST_F(AudioTest, WrongRequestsAreRefused) {
  compose(clicks(1) + " -c:a pcm_s16le", folder_ / "in.wav");
  const auto in = open_input(folder_ / "in.wav");
  const auto out = new_file(folder_ / "chunk");
  const auto stream = encode_audio_track(in.get(), {.stream_index = 4}, out.get());
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().code, ErrorCode::invalid_argument);
  const auto codec = encode_audio_track(in.get(), {.codec = "mp3"}, out.get());
  ASSERT_FALSE(codec.has_value());
  EXPECT_EQ(codec.error().code, ErrorCode::invalid_argument);
}

TEST_F(AudioTest, RealFiles) {
  int tracks = 0;
  for (const auto& file : real_files("valid")) {
    const auto in = open_input(file);
    auto input = av::Input::open(in.get());
    ASSERT_TRUE(input.has_value()) << file;
    for (unsigned i = 0; i < input->get()->nb_streams; ++i) {
      const auto* parameters = input->get()->streams[i]->codecpar;
      if (parameters->codec_type != AVMEDIA_TYPE_AUDIO) continue;
      const auto start = static_cast<double>(std::max<std::int64_t>(0, input->get()->start_time)) / AV_TIME_BASE;
      const auto seconds = static_cast<double>(input->get()->duration) / AV_TIME_BASE;
      const auto track =
          encode(file, {.stream_index = static_cast<int>(i), .start_seconds = start, .duration_seconds = seconds});
      EXPECT_NEAR(track_seconds(track.chunk.format.channels, track.chunk.format.sample_rate), seconds, 0.03) << file;
      // The time stamps of one real file (Ogg) jump by 46 ms at its second page; no other has a hole.
      EXPECT_LT(track.repairs.gap_seconds, file.extension() == ".ogv" ? 0.05 : 1e-9) << file;
      ++tracks;
    }
  }
  if (std::getenv("VIDEOFORGE_MEDIA_DIR")) EXPECT_GE(tracks, 12);
}

}  // namespace
}  // namespace vf::media::audio
