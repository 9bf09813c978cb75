// Probing what cameras and archives make: every answer is compared with how the clip was composed, or
// with a full decode by ffmpeg.
#include <cmath>

#include "base/json.h"
#include "media/probe/orientation.h"
#include "media/probe/text.h"
#include "media/probe_support.h"

namespace vf::media {
namespace {

using test::compose;
using test::probe_ok;
using test::TempFolder;
using test::warns;

constexpr auto kClip = "-f lavfi -i testsrc2=s=160x90:r=25:d=2";
constexpr auto kX264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

const VideoInfo& video_of(const ProbeResult& result) {
  static const VideoInfo none;
  const auto* stream = result.info.main_video();
  EXPECT_NE(stream, nullptr);
  return stream ? *stream->video : none;
}

struct Container {
  const char* name;       // of the file
  const char* arguments;  // how it is encoded
  const char* expected;   // MediaInfo::container
};

class EveryContainer : public testing::TestWithParam<Container> {};

TEST_P(EveryContainer, CountsTheFramesADecoderShows) {
  const TempFolder folder;
  const auto path = folder / GetParam().name;
  compose(fmt::format("{} -f lavfi -i sine=d=2 {}", kClip, GetParam().arguments), path);
  const auto result = probe_ok(path);
  EXPECT_EQ(result.info.container, GetParam().expected);
  EXPECT_EQ(result.index.frame_ticks.size(), test::decoded_frames(path));
  EXPECT_EQ(result.index.frame_ticks.size(), static_cast<std::size_t>(video_of(result).frames));
  EXPECT_TRUE(std::ranges::is_sorted(result.index.frame_ticks));
  EXPECT_TRUE(std::ranges::is_sorted(result.index.key_ticks));
  EXPECT_NEAR(result.info.duration_seconds, 2, 0.12);
  EXPECT_NEAR(video_of(result).average_rate.value(), 25, 0.6);
  EXPECT_FALSE(video_of(result).variable_rate);
}

INSTANTIATE_TEST_SUITE_P(
    Probe, EveryContainer,
    testing::Values(
        Container{"a.mp4", "-c:v libx264 -g 12 -bf 2 -c:a aac", "mp4"},
        Container{"a.mov", "-c:v prores -c:a pcm_s16le", "mov"},
        Container{"a.mkv", "-c:v libx264 -bf 3 -c:a ac3", "matroska"},
        Container{"a.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus", "webm"},
        Container{"b.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -deadline good -cpu-used 5 -c:a libvorbis",
                  "webm"},
        Container{"a.ts", "-c:v libx264 -g 25 -c:a aac", "mpegts"},
        Container{"b.ts", "-c:v mpeg2video -bf 2 -g 12 -c:a mp2", "mpegts"},
        Container{"a.mpg", "-f vob -c:v mpeg2video -bf 2 -c:a mp2", "mpeg"},
        Container{"a.avi", "-c:v mpeg4 -bf 0 -c:a mp3", "avi"}, Container{"b.avi", "-c:v mpeg4 -bf 2 -c:a mp3", "avi"},
        Container{"a.flv", "-c:v libx264 -c:a aac", "flv"}, Container{"a.wmv", "-c:v wmv2 -c:a wmav2", "asf"},
        Container{"a.ogv", "-c:v libtheora -c:a libvorbis", "ogg"},
        Container{"a.mxf", "-c:v mpeg2video -c:a pcm_s16le -ar 48000", "mxf"},
        Container{"f.mp4", "-c:v libx264 -g 12 -bf 2 -c:a aac -movflags +frag_keyframe+empty_moov", "mp4"}));

TEST(Probe, EightOrientations) {
  // Rows are a, b, c, d of the display matrix.
  const auto at = [](int a, int b, int c, int d) {
    const std::int32_t m[9] = {a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 1 << 30};
    return orientation_of(m);
  };
  EXPECT_EQ(at(1, 0, 0, 1), (Orientation{0, false, true}));
  EXPECT_EQ(at(0, 1, -1, 0), (Orientation{90, false, true}));
  EXPECT_EQ(at(-1, 0, 0, -1), (Orientation{180, false, true}));
  EXPECT_EQ(at(0, -1, 1, 0), (Orientation{270, false, true}));
  EXPECT_EQ(at(-1, 0, 0, 1), (Orientation{0, true, true}));
  EXPECT_EQ(at(0, 1, 1, 0), (Orientation{270, true, true}));
  EXPECT_EQ(at(1, 0, 0, -1), (Orientation{180, true, true}));
  EXPECT_EQ(at(0, -1, -1, 0), (Orientation{90, true, true}));
  EXPECT_EQ(at(0, 0, 0, 0), (Orientation{}));
  EXPECT_FALSE(at(2, 1, -1, 2).exact);
}

TEST(Probe, RotatedPhoneClipIsPortrait) {
  const TempFolder folder;
  compose(fmt::format("{} {}", kClip, kX264), folder / "flat.mp4");
  compose(fmt::format("-i '{}' -c copy -metadata:s:v rotate=270", (folder / "flat.mp4").string()),
          folder / "turned.mp4");
  const auto result = probe_ok(folder / "turned.mp4");
  EXPECT_EQ(video_of(result).rotation % 180, 90);
  EXPECT_EQ(video_of(result).display_width, 90);
  EXPECT_EQ(video_of(result).display_height, 160);
  EXPECT_TRUE(warns(result.info, "rotated"));
}

TEST(Probe, VariableRateIsToldFromRoundedTimes) {
  const TempFolder folder;
  compose(fmt::format("{} -vf \"select='not(between(mod(n,10),3,5))'\" -fps_mode vfr {}", kClip, kX264),
          folder / "vfr.mp4");
  const auto vfr = probe_ok(folder / "vfr.mp4");
  EXPECT_TRUE(video_of(vfr).variable_rate);
  EXPECT_TRUE(warns(vfr.info, "variable-frame-rate"));
  // 29.97 in whole milliseconds steps by 33 and 34: still constant.
  compose(fmt::format("-f lavfi -i testsrc2=s=160x90:r=30000/1001:d=3 {}", kX264), folder / "cfr.mkv");
  const auto cfr = probe_ok(folder / "cfr.mkv");
  EXPECT_FALSE(video_of(cfr).variable_rate);
  EXPECT_NEAR(video_of(cfr).average_rate.value(), 29.97, 0.01);
}

TEST(Probe, Hdr10WithMasteringAndLightLevels) {
  const TempFolder folder;
  compose(
      "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -pix_fmt yuv420p10le -c:v libx265 -x265-params "
      "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:hdr10=1:max-cll=1000,400:"
      "master-display=\"G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)\"",
      folder / "hdr.mp4");
  const auto result = probe_ok(folder / "hdr.mp4");
  const auto& color = video_of(result).color;
  EXPECT_EQ(color.hdr, "hdr10");
  EXPECT_EQ(color.transfer, "smpte2084");
  EXPECT_EQ(color.primaries, "bt2020");
  EXPECT_EQ(video_of(result).bit_depth, 10);
  ASSERT_TRUE(color.mastering.has_value());
  EXPECT_EQ(color.mastering->max_cll, 1000);
  EXPECT_EQ(color.mastering->max_fall, 400);
  EXPECT_NEAR(color.mastering->max_luminance, 1000, 0.01);
  ASSERT_EQ(color.mastering->display_primaries.size(), 8U);
  EXPECT_NEAR(color.mastering->display_primaries[0], 0.68, 0.001);
}

TEST(Probe, InterlacedFieldOrder) {
  const TempFolder folder;
  for (const auto& [flag, name] : {std::pair{"tff", "top-first"}, std::pair{"bff", "bottom-first"}}) {
    compose(fmt::format("-f lavfi -i testsrc2=s=320x240:r=50:d=1 -vf interlace=scan={} -c:v libx264 -x264opts {}=1",
                        flag, flag),
            folder / (std::string(flag) + ".ts"));
    EXPECT_EQ(video_of(probe_ok(folder / (std::string(flag) + ".ts"))).field_order, name);
  }
  compose(fmt::format("{} -c:v mpeg2video", kClip), folder / "p.mpg");
  EXPECT_EQ(video_of(probe_ok(folder / "p.mpg")).field_order, "progressive");
}

TEST(Probe, AnamorphicIsShownWide) {
  const TempFolder folder;
  compose(fmt::format("-f lavfi -i testsrc2=s=720x576:r=25:d=0.4 -vf setsar=64/45 {}", kX264), folder / "wide.mp4");
  const auto video = video_of(probe_ok(folder / "wide.mp4"));
  EXPECT_EQ(video.sample_aspect, (Rational{64, 45}));
  EXPECT_EQ(video.display_width, 1024);
  EXPECT_EQ(video.display_height, 576);
}

TEST(Probe, EditListHidesFrames) {
  const TempFolder folder;
  compose(fmt::format("{} {} -g 50", kClip, kX264), folder / "whole.mp4");
  compose(fmt::format("-ss 1.0 -i '{}' -c copy", (folder / "whole.mp4").string()), folder / "cut.mp4");
  const auto result = probe_ok(folder / "cut.mp4");
  EXPECT_FALSE(result.info.edits.empty());
  EXPECT_EQ(result.index.frame_ticks.size(), test::decoded_frames(folder / "cut.mp4"));
  EXPECT_EQ(result.index.frame_ticks.size(), 25U);
}

TEST(Probe, LateStartAndTwoLanguages) {
  const TempFolder folder;
  compose(fmt::format("{} -itsoffset 0.7 -f lavfi -i sine=d=1 -f lavfi -i sine=d=2 -map 0 -map 1 -map 2 {} -c:a aac "
                      "-metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:a:1 title=Kommentar "
                      "-disposition:a:0 default -disposition:a:1 0",
                      kClip, kX264),
          folder / "two.mkv");
  const auto info = probe_ok(folder / "two.mkv").info;
  std::vector<const StreamInfo*> sound;
  for (const auto& s : info.streams)
    if (s.kind == "audio") sound.push_back(&s);
  ASSERT_EQ(sound.size(), 2U);
  EXPECT_EQ(sound[0]->language, "eng");
  EXPECT_TRUE(sound[0]->is_default);
  EXPECT_EQ(sound[1]->language, "deu");
  EXPECT_EQ(sound[1]->title, "Kommentar");
  EXPECT_FALSE(sound[1]->is_default);
  EXPECT_NEAR(sound[0]->start_seconds, 0.7, 0.05);
  EXPECT_TRUE(warns(info, "start-offset"));
}

TEST(Probe, ChaptersAttachmentsAndSubtitles) {
  const TempFolder folder;
  test::write_text(folder / "chapters.txt",
                   ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/"
                   "1000\nSTART=1000\nEND=2000\ntitle=Two\n");
  test::write_text(folder / "s.srt", "1\n00:00:00,000 --> 00:00:01,000\nHello\n");
  test::write_text(folder / "font.ttf", "not a font");
  compose(fmt::format("{} -i '{}' -i '{}' -map 0 -map 2 -map_metadata 1 {} -c:s srt -attach '{}' -metadata:s:t "
                      "mimetype=application/x-truetype-font",
                      kClip, (folder / "chapters.txt").string(), (folder / "s.srt").string(), kX264,
                      (folder / "font.ttf").string()),
          folder / "all.mkv");
  const auto info = probe_ok(folder / "all.mkv").info;
  ASSERT_EQ(info.chapters.size(), 2U);
  EXPECT_EQ(info.chapters[1].title, "Two");
  EXPECT_NEAR(info.chapters[1].start_seconds, 1, 1e-6);
  ASSERT_EQ(info.attachments.size(), 1U);
  EXPECT_EQ(info.attachments[0].name, "font.ttf");
  EXPECT_EQ(info.attachments[0].bytes, 10);
  EXPECT_TRUE(std::ranges::any_of(info.streams, [](const auto& s) { return s.kind == "subtitle" && s.text_subtitle; }));
}

TEST(Probe, OpenAndClosedGops) {
  const TempFolder folder;
  constexpr auto kMoving = "-f lavfi -i testsrc2=s=160x90:r=25:d=3 -c:v libx264 -bf 2 -sc_threshold 0";
  // Two B-frames before each P: the key frame at 24 takes the place of a P and has two in front.
  compose(fmt::format("{} -g 24 -x264opts open-gop=1:b-pyramid=none:b-adapt=0", kMoving), folder / "open.mp4");
  compose(fmt::format("{} -g 25", kMoving), folder / "closed.mp4");
  const auto open = video_of(probe_ok(folder / "open.mp4"));
  const auto closed = video_of(probe_ok(folder / "closed.mp4"));
  EXPECT_FALSE(open.gop.closed);
  EXPECT_TRUE(closed.gop.closed);
  EXPECT_EQ(closed.gop.key_frames, 3);
  EXPECT_NEAR(closed.gop.mean_seconds, 1, 1e-6);
  EXPECT_NEAR(closed.gop.max_seconds, 1, 1e-6);
  EXPECT_TRUE(closed.gop.constant_parameter_sets);
}

TEST(Probe, FramesBeforeTheFirstKeyFrameAreNotCounted) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=160x90:r=25:d=3 -c:v mpeg2video -bf 2 -g 12 -sc_threshold 1000000000 -q:v 3",
          folder / "whole.ts");
  auto text = test::read_text(folder / "whole.ts");
  test::write_text(folder / "cut.ts", text.substr(188 * (text.size() / 188 / 3)));
  const auto result = probe_ok(folder / "cut.ts");
  EXPECT_EQ(result.index.frame_ticks.size(), test::decoded_frames(folder / "cut.ts"));
  EXPECT_GT(result.index.frame_ticks.size(), 20U);
}

TEST(Probe, FaststartAndCover) {
  const TempFolder folder;
  compose(fmt::format("{} {}", kClip, kX264), folder / "end.mp4");
  compose(fmt::format("{} {} -movflags +faststart", kClip, kX264), folder / "front.mp4");
  EXPECT_EQ(probe_ok(folder / "end.mp4").info.faststart, false);
  EXPECT_EQ(probe_ok(folder / "front.mp4").info.faststart, true);
  compose("-f lavfi -i testsrc2=s=64x64:d=0.04 -frames:v 1", folder / "cover.jpg");
  compose(fmt::format("-i '{}' -i '{}' -map 1 -map 0 -c copy -disposition:v:0 attached_pic",
                      (folder / "end.mp4").string(), (folder / "cover.jpg").string()),
          folder / "cover.mp4");
  const auto result = probe_ok(folder / "cover.mp4");
  EXPECT_EQ(video_of(result).width, 160);
  EXPECT_TRUE(std::ranges::any_of(result.info.streams, [](const auto& s) { return s.kind == "cover"; }));
}

TEST(Probe, LoudnessAgreesWithFfmpeg) {
  const TempFolder folder;
  compose("-f lavfi -i sine=f=997:d=6:r=48000 -af volume=-6dB -ac 2 -c:a pcm_s16le", folder / "tone.wav");
  ProbeOptions options;
  options.loudness = true;
  const auto info = probe_ok(folder / "tone.wav", options).info;
  ASSERT_EQ(info.streams.size(), 1U);
  ASSERT_TRUE(info.streams[0].audio->loudness.has_value());
  const auto out = test::run(fmt::format("ffmpeg -v info -nostats -i '{}' -af ebur128=peak=true -f null - | tail -15",
                                         (folder / "tone.wav").string()));
  const auto at = out.rfind("I:");
  ASSERT_NE(at, std::string::npos) << out;
  EXPECT_NEAR(info.streams[0].audio->loudness->integrated_lufs, std::atof(out.c_str() + at + 2), 0.15);
  EXPECT_NEAR(info.streams[0].audio->loudness->range_lu, 0, 0.1);
}

TEST(Probe, TextIsCleanUtf8) {
  bool cut = false;
  EXPECT_EQ(clean_text("Zürich \xF0\x9F\x8E\xAC", 100, cut), "Zürich \xF0\x9F\x8E\xAC");
  EXPECT_EQ(clean_text("a\xFF"
                       "b\xC0\x80",
                       100, cut),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("a\x1B[31mb\n", 100, cut), "a [31mb ");
  EXPECT_EQ(clean_text("evil\xE2\x80\xAEgpj", 100, cut), "evil gpj");
  EXPECT_FALSE(cut);
  EXPECT_EQ(clean_text("ääää", 5, cut), "ää");
  EXPECT_TRUE(cut);
}

TEST(Probe, ResultSurvivesJson) {
  const TempFolder folder;
  compose(fmt::format("{} {}", kClip, kX264), folder / "a.mp4");
  const auto result = probe_ok(folder / "a.mp4");
  const auto again = from_json_text<ProbeResult>(dump(to_json(result)));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(dump(to_json(*again)), dump(to_json(result)));
}

TEST(Probe, RealFilesShowAsManyFramesAsFfmpegDecodes) {
  for (const auto* kind : {"valid", "footage"})
    for (const auto& path : test::real_files(kind)) {
      const auto result = probe_ok(path);
      EXPECT_EQ(result.index.frame_ticks.size(), test::decoded_frames(path)) << path;
      EXPECT_TRUE(std::ranges::is_sorted(result.index.frame_ticks)) << path;
    }
}

template <typename T>
void expect_documented(const std::string& guide) {
  boost::mp11::mp_for_each<detail::Members<T>>([&](auto member) {
    EXPECT_NE(guide.find(fmt::format("`{}`", member.name)), std::string::npos)
        << member.name << " is not in docs/guides/probe.md";
  });
}

TEST(Probe, EveryMemberIsInTheGuide) {
  const auto guide = test::read_text("docs/guides/probe.md");
  expect_documented<MediaInfo>(guide);
  expect_documented<StreamInfo>(guide);
  expect_documented<VideoInfo>(guide);
  expect_documented<AudioInfo>(guide);
  expect_documented<LoudnessInfo>(guide);
  expect_documented<ColorInfo>(guide);
  expect_documented<HdrMetadata>(guide);
  expect_documented<GopInfo>(guide);
  expect_documented<ChapterInfo>(guide);
  expect_documented<EditInfo>(guide);
  expect_documented<AttachmentInfo>(guide);
  expect_documented<Warning>(guide);
  expect_documented<VideoIndex>(guide);
  expect_documented<ProbeLimits>(guide);
}

}  // namespace
}  // namespace vf::media
