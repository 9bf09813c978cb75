// Faults that a listener would notice are found; hard, silent, pure and short sound is not accused.
#include "media/verify/sound.h"

#include <gmock/gmock.h>

#include "media/audio/audio_track.h"
#include "media_support.h"

namespace vf::media::verify {
namespace {

using namespace vf::test;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Something like music: noise that swells, over notes that change every half second.
std::string music(double seconds, int seed = 1) {
  return fmt::format(
      "-f lavfi -i "
      "\"aevalsrc='0.2*sin(2*PI*t*(220+40*floor(mod(t*2*{1},7))))+0.15*(random({1})-0.5)*(1+sin(2*PI*t*1.7))':s=48000:"
      "d={0}\" -c:a pcm_s16le",
      seconds, seed);
}

class VerifySound : public testing::Test {
 protected:
  TrackChunk encode(const std::filesystem::path& source, audio::AudioSpec spec, const std::string& name = "track") {
    const auto in = open_input(source);
    const auto out = new_file(folder_ / (name + ".chunk"));
    auto track = audio::encode_audio_track(in.get(), spec, out.get());
    EXPECT_TRUE(track.has_value()) << track.error().message;
    if (!track) return {};
    join_track(track->chunk, folder_ / (name + ".chunk"), folder_ / (name + ".mp4"));
    return track->chunk;
  }

  SoundProof verify(const std::filesystem::path& source, const TrackChunk& chunk, SoundSpec spec,
                    const std::string& name = "track") {
    const auto in = open_input(source);
    const auto track = open_input(folder_ / (name + ".mp4"));
    auto proof = verify_audio_track(spec, in.get(), {track.get()}, chunk);
    EXPECT_TRUE(proof.has_value()) << proof.error().message;
    return proof ? *proof : SoundProof{};
  }
  TempFolder folder_;
};

TEST_F(VerifySound, CleanTracksAreProven) {
  compose(music(20), folder_ / "in.wav");
  for (const std::string codec : {"aac", "opus"}) {
    const auto chunk = encode(folder_ / "in.wav", {.codec = codec, .duration_seconds = 20});
    const auto proof = verify(folder_ / "in.wav", chunk, {.duration_seconds = 20});
    EXPECT_THAT(proof.failures, IsEmpty()) << codec;
    EXPECT_GE(proof.usable_windows, 4) << codec;
    EXPECT_NEAR(proof.offset_seconds, 0, 0.001) << codec;
    EXPECT_GT(proof.likeness, 0.8) << codec;
    EXPECT_NEAR(proof.duration_seconds, 20, 0.022) << codec;
  }
}

TEST_F(VerifySound, HardSilentPureAndShortSoundIsNotAccused) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"silence", "-f lavfi -i anullsrc=d=12 -t 12"},
      {"tone", "-f lavfi -i sine=f=440:d=12"},
      {"low tone", "-f lavfi -i sine=f=60:d=12"},
      {"white noise", "-f lavfi -i anoisesrc=d=12:a=0.5:c=white"},
      {"pulses", "-f lavfi -i \"aevalsrc='0.7*lt(mod(t,0.05),0.002)':d=12\""},
      {"rhythm", "-f lavfi -i \"aevalsrc='0.7*sin(2000*t)*lt(mod(t,0.5),0.1)':d=12\""},
      {"one click", "-f lavfi -i \"aevalsrc='0.9*between(t,5,5.003)':d=12\""},
  };
  for (const auto& [name, source] : rows) {
    compose(source + " -c:a pcm_s16le", folder_ / "in.wav");
    const auto chunk = encode(folder_ / "in.wav", {.bit_rate = 48000, .duration_seconds = 12});
    EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 12}).failures, IsEmpty()) << name;
  }
  for (const double seconds : {0.05, 0.3, 1.0}) {
    compose(music(seconds), folder_ / "in.wav");
    const auto chunk = encode(folder_ / "in.wav", {.duration_seconds = seconds});
    EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = seconds}).failures, IsEmpty()) << seconds;
  }
}

TEST_F(VerifySound, DownmixIsTheSameSound) {
  compose(
      "-f lavfi -i "
      "\"aevalsrc='0.3*(random(1)-0.5)|0.3*(random(2)-0.5)|0.3*sin(900*t*t/"
      "20)|0|0.2*(random(3)-0.5)|0.2*(random(4)-0.5)':d=12:c=5.1\" -c:a pcm_s16le",
      folder_ / "in.wav");
  const auto chunk = encode(folder_ / "in.wav", {.channels = 2, .duration_seconds = 12});
  EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 12}).failures, IsEmpty());
}

TEST_F(VerifySound, FortyMillisecondsAreFoundEitherWay) {
  compose(music(16), folder_ / "in.wav");
  for (const double shift : {0.04, -0.04, 0.015}) {
    const auto chunk = encode(folder_ / "in.wav", {.start_seconds = 1 + shift, .duration_seconds = 14});
    const auto proof = verify(folder_ / "in.wav", chunk, {.start_seconds = 1, .duration_seconds = 14});
    EXPECT_NEAR(proof.offset_seconds, -shift, 0.001);
    ASSERT_THAT(proof.failures, Not(IsEmpty())) << shift;
    EXPECT_THAT(proof.failures[0], HasSubstr(shift > 0 ? "early" : "late"));
  }
}

TEST_F(VerifySound, DriftIsFound) {
  compose(music(30), folder_ / "in.wav");
  for (const double factor : {1.005, 0.999}) {
    run(
        fmt::format("ffmpeg -v error -y -i '{0}/in.wav' -af asetrate=48000*{1},aresample=48000,apad -t 30 -c:a "
                    "pcm_s16le '{0}/drift.wav'",
                    folder_.path().string(), factor));
    const auto chunk = encode(folder_ / "drift.wav", {.duration_seconds = 30});
    EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 30}).failures, Not(IsEmpty())) << factor;
  }
}

TEST_F(VerifySound, ShiftInTheMiddleIsFound) {
  compose(music(24), folder_ / "in.wav");
  run(
      fmt::format("ffmpeg -v error -y -i '{0}/in.wav' -af "
                  "\"asplit[a][b];[a]atrim=0:12,asetpts=PTS-STARTPTS[c];[b]atrim=12.05,asetpts=PTS-STARTPTS[d];[c][d]"
                  "concat=v=0:a=1\" -c:a pcm_s16le '{0}/cut.wav'",
                  folder_.path().string()));
  const auto chunk = encode(folder_ / "cut.wav", {.duration_seconds = 24});
  EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 24}).failures, Not(IsEmpty()));
}

TEST_F(VerifySound, AnotherSoundAndAHoleAreFound) {
  compose(music(16), folder_ / "in.wav");
  compose("-f lavfi -i anoisesrc=d=16:a=0.3:seed=9 -c:a pcm_s16le", folder_ / "other.wav");
  const auto other = encode(folder_ / "other.wav", {.duration_seconds = 16});
  EXPECT_THAT(verify(folder_ / "in.wav", other, {.duration_seconds = 16}).failures,
              testing::Contains(HasSubstr("not the source's")));
  run(fmt::format(
      "ffmpeg -v error -y -i '{0}/in.wav' -af \"volume=0:enable='between(t,7,7.6)'\" -c:a pcm_s16le '{0}/hole.wav'",
      folder_.path().string()));
  const auto hole = encode(folder_ / "hole.wav", {.duration_seconds = 16});
  EXPECT_THAT(verify(folder_ / "in.wav", hole, {.duration_seconds = 16}).failures,
              testing::Contains(HasSubstr("silent")));
}

TEST_F(VerifySound, DamagedBytesAndTruncationAreFound) {
  compose(music(12), folder_ / "in.wav");
  const auto chunk = encode(folder_ / "in.wav", {.duration_seconds = 12, .segment_starts = {0, 4, 8}});
  const auto whole = read_text(folder_ / "track.mp4");
  auto flipped = whole;
  const auto at = flipped.size() / 2;
  for (std::size_t i = 0; i < 3000; ++i) flipped[at + i] = static_cast<char>(flipped[at + i] ^ 0x5A);
  write_text(folder_ / "track.mp4", flipped);
  EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 12}).failures, Not(IsEmpty()));
  write_text(folder_ / "track.mp4", whole.substr(0, whole.size() * 2 / 3));
  EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 12}).failures, Not(IsEmpty()));
  write_text(folder_ / "track.mp4", "nothing");
  EXPECT_THAT(verify(folder_ / "in.wav", chunk, {.duration_seconds = 12}).failures, Not(IsEmpty()));
}

}  // namespace
}  // namespace vf::media::verify
