// Posters and storyboards as a viewer would judge them.
#include <cmath>

#include <gmock/gmock.h>

#include "media/decode/video_reader.h"
#include "media/frames/poster.h"
#include "media/frames/storyboard.h"
#include "media/probe/probe.h"
#include "media_support.h"

namespace vf::media::frames {
namespace {

using namespace vf::test;
using ::testing::HasSubstr;

class FramesTest : public ::testing::Test {
 protected:
  struct Source {
    UniqueFd fd;
    ProbeResult probed;
    const StreamInfo* video = nullptr;
  };
  Source open(const std::filesystem::path& file) {
    Source out{open_input(file), {}, nullptr};
    auto probed = probe(out.fd.get(), {});
    EXPECT_TRUE(probed.has_value()) << file << " " << probed.error().message;
    if (probed) out.probed = std::move(*probed);
    out.video = out.probed.info.main_video();
    return out;
  }
  template <typename Spec>
  Spec spec_for(const Source& s) {
    Spec spec;
    spec.stream_index = s.probed.index.stream_index;
    spec.picture.rotation = s.video->video->rotation;
    spec.picture.mirrored = s.video->video->mirrored;
    spec.picture.sample_aspect = s.video->video->sample_aspect;
    spec.display_width = s.video->video->display_width;
    spec.display_height = s.video->video->display_height;
    spec.start_seconds = static_cast<double>(s.probed.index.first_ticks) * s.probed.index.time_base.value();
    return spec;
  }

  struct Pixels {
    int width = 0;
    int height = 0;
    std::string rgb;
    std::array<int, 3> at(int x, int y) const {
      const auto* p = reinterpret_cast<const unsigned char*>(rgb.data()) +
                      3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
      return {p[0], p[1], p[2]};
    }
    double mean() const {
      double sum = 0;
      for (const unsigned char c : rgb) sum += c;
      return sum / static_cast<double>(rgb.size());
    }
  };
  Pixels pixels_of(const std::filesystem::path& jpeg) {
    Pixels out;
    const auto size =
        run(fmt::format("ffprobe -v error -show_entries stream=width,height -of csv=p=0 '{}'", jpeg.string()));
    EXPECT_EQ(sscanf(size.c_str(), "%d,%d", &out.width, &out.height), 2) << size;
    run(fmt::format("ffmpeg -v error -y -i '{0}' -f rawvideo -pix_fmt rgb24 '{0}.rgb'", jpeg.string()));
    out.rgb = read_text(jpeg.string() + ".rgb");
    return out;
  }

  Poster poster(const Source& source, const PosterSpec& spec) {
    const auto out = new_file(folder_ / "poster.jpg");
    auto made = make_poster(source.fd.get(), spec, source.probed.index, out.get());
    EXPECT_TRUE(made.has_value()) << made.error().message << " " << made.error().detail;
    return made ? *made : Poster{};
  }
  Storyboard storyboard(const Source& source, const StoryboardSpec& spec) {
    const auto out = new_file(folder_ / "storyboard.jpg");
    const auto vtt = new_file(folder_ / "storyboard.vtt");
    auto made = make_storyboard(source.fd.get(), spec, source.probed.index, out.get(), vtt.get());
    EXPECT_TRUE(made.has_value()) << made.error().message << " " << made.error().detail;
    return made ? *made : Storyboard{};
  }

  TempFolder folder_;
};

TEST_F(FramesTest, PosterIsNeitherBlackNorBlurredNorFaded) {
  // Three seconds each: black, a blurred picture, a sharp one, a fade to black.
  compose(
      "-f lavfi -i color=black:s=640x360:r=25:d=3 -f lavfi -i testsrc2=s=640x360:r=25:d=3 -f lavfi -i "
      "testsrc2=s=640x360:r=25:d=3 -f lavfi -i testsrc2=s=640x360:r=25:d=3 "
      "-filter_complex \"[1]gblur=sigma=20[b];[3]fade=out:d=3[f];[0][b][2][f]concat=n=4\" -c:v libx264 -preset "
      "ultrafast -g 25 -pix_fmt yuv420p",
      folder_ / "in.mp4");
  const auto source = open(folder_ / "in.mp4");
  const auto made = poster(source, spec_for<PosterSpec>(source));
  EXPECT_GE(made.at_seconds, 6);
  EXPECT_LT(made.at_seconds, 9.1);
  EXPECT_EQ(made.width, 640);
  EXPECT_GT(pixels_of(folder_ / "poster.jpg").mean(), 60);
}

TEST_F(FramesTest, PosterOfAnAllBlackFilmIsStillAPicture) {
  compose("-f lavfi -i color=black:s=320x180:r=10:d=2 -c:v libx264 -pix_fmt yuv420p", folder_ / "in.mp4");
  const auto source = open(folder_ / "in.mp4");
  EXPECT_EQ(poster(source, spec_for<PosterSpec>(source)).width, 320);
}

TEST_F(FramesTest, PosterAtATimeIsThatPicture) {
  // The picture's brightness tells its time.
  compose(
      "-f lavfi -i \"nullsrc=s=160x90:r=10:d=10,geq=lum='40+N*2':cb=128:cr=128\" -c:v libx264 -crf 5 -g 50 -colorspace "
      "bt709 -pix_fmt yuv420p",
      folder_ / "in.mp4");
  const auto source = open(folder_ / "in.mp4");
  for (const double at : {0.0, 0.35, 4.71, 9.9}) {
    auto spec = spec_for<PosterSpec>(source);
    spec.at_seconds = at;
    const auto made = poster(source, spec);
    const int n = static_cast<int>(at * 10 + 1e-6);
    EXPECT_NEAR(made.at_seconds, n / 10.0, 0.001);
    EXPECT_NEAR(pixels_of(folder_ / "poster.jpg").mean(), std::min(255.0, (40 + 2 * n - 16) * 255.0 / 219), 2.5) << at;
  }
}

TEST_F(FramesTest, PosterIsUprightSmallAndTrueInColour) {
  // Red above, blue below; stored lying on its side.
  compose(
      "-f lavfi -i color=red:s=960x1920:r=5:d=2 -f lavfi -i color=blue:s=960x1920:r=5:d=2 -filter_complex "
      "\"[0][1]vstack,transpose=cclock,format=rgb24,scale=out_color_matrix=bt709:out_range=tv\" -c:v libx264 -preset "
      "ultrafast -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709",
      folder_ / "flat.mp4");
  run(fmt::format("ffmpeg -v error -y -i '{0}/flat.mp4' -c copy -metadata:s:v rotate=90 '{0}/turned.mp4'",
                  folder_.path().string()));
  const auto source = open(folder_ / "turned.mp4");
  ASSERT_NE(source.video->video->rotation, 0);
  const auto made = poster(source, spec_for<PosterSpec>(source));
  EXPECT_EQ(made.height, 1280);
  EXPECT_EQ(made.width, 320);
  const auto pixels = pixels_of(folder_ / "poster.jpg");
  const bool red_above = source.video->video->rotation == 90;
  const auto above = pixels.at(160, 100);
  const auto below = pixels.at(160, 1180);
  EXPECT_GT(above[red_above ? 0 : 2], 240);
  EXPECT_LT(above[1], 16);
  EXPECT_GT(below[red_above ? 2 : 0], 240);
}

TEST_F(FramesTest, StoryboardShowsTheRightTimes) {
  // Grey tells the time: one step of 2 a second; key frames every second.
  compose(
      "-f lavfi -i \"nullsrc=s=320x180:r=5:d=60,geq=lum='40+floor(N/5)*2':cb=128:cr=128\" -c:v libx264 -preset "
      "ultrafast -crf 5 -g 5 -colorspace bt709 -pix_fmt yuv420p",
      folder_ / "in.mp4");
  const auto source = open(folder_ / "in.mp4");
  const auto board = storyboard(source, spec_for<StoryboardSpec>(source));
  EXPECT_EQ(board.tiles, 60);
  EXPECT_EQ(board.columns, 10);
  EXPECT_EQ(board.tile_width, 160);
  EXPECT_EQ(board.tile_height, 90);
  const auto pixels = pixels_of(folder_ / "storyboard.jpg");
  EXPECT_EQ(pixels.width, 1600);
  EXPECT_EQ(pixels.height, 540);

  const auto vtt = read_text(folder_ / "storyboard.vtt");
  int cues = 0;
  double last_end = 0;
  std::size_t at = 0;
  while ((at = vtt.find(" --> ", at)) != std::string::npos) {
    int m1, s1, ms1, m2, s2, ms2, x, y, w, h;
    ASSERT_EQ(sscanf(vtt.c_str() + at - 12, "00:%d:%d.%d --> 00:%d:%d.%d storyboard.jpg#xywh=%d,%d,%d,%d", &m1, &s1,
                     &ms1, &m2, &s2, &ms2, &x, &y, &w, &h),
              10);
    const double begin = m1 * 60 + s1 + ms1 / 1000.0;
    EXPECT_NEAR(begin, last_end, 0.001);
    last_end = m2 * 60 + s2 + ms2 / 1000.0;
    const double luma = 40 + 2 * std::floor(begin + 0.01);
    EXPECT_NEAR(pixels.at(x + w / 2, y + h / 2)[1], (luma - 16) * 255 / 219, 4) << begin;
    ++cues;
    ++at;
  }
  EXPECT_EQ(cues, 60);
  EXPECT_NEAR(last_end, 60, 0.01);
}

TEST_F(FramesTest, StoryboardIsTheSameWithOneWorkerAndBounded) {
  compose("-f lavfi -i testsrc2=s=320x180:r=10:d=150 -c:v libx264 -preset ultrafast -g 5 -pix_fmt yuv420p",
          folder_ / "in.mp4");
  const auto source = open(folder_ / "in.mp4");
  auto spec = spec_for<StoryboardSpec>(source);
  EXPECT_EQ(storyboard(source, spec).tiles, 100);
  const auto two = read_text(folder_ / "storyboard.jpg");
  spec.workers = 1;
  storyboard(source, spec);
  EXPECT_EQ(two, read_text(folder_ / "storyboard.jpg"));
}

TEST_F(FramesTest, StoryboardOfSparseKeyFramesTinyClipsAndRanges) {
  compose(
      "-f lavfi -i testsrc2=s=320x180:r=10:d=30 -c:v libx264 -preset ultrafast -g 100 -keyint_min 100 -sc_threshold 0 "
      "-pix_fmt yuv420p",
      folder_ / "sparse.mp4");
  const auto sparse = open(folder_ / "sparse.mp4");
  EXPECT_EQ(storyboard(sparse, spec_for<StoryboardSpec>(sparse)).tiles, 3);
  auto range = spec_for<StoryboardSpec>(sparse);
  range.start_seconds += 12;
  range.duration_seconds = 5;
  EXPECT_EQ(storyboard(sparse, range).tiles, 1);
  compose("-f lavfi -i testsrc2=s=320x180:r=10:d=0.1 -c:v libx264 -pix_fmt yuv420p", folder_ / "tiny.mp4");
  const auto tiny = open(folder_ / "tiny.mp4");
  EXPECT_EQ(storyboard(tiny, spec_for<StoryboardSpec>(tiny)).tiles, 1);
}

TEST_F(FramesTest, StoryboardOfEveryContainerAndCodec) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"a.ts", "libx264 -preset ultrafast -g 10"},
      {"a.mkv", "libx264 -preset ultrafast -g 10 -bf 2"},
      {"a.flv", "libx264 -preset ultrafast -g 10"},
      {"a.avi", "mpeg4 -g 10"},
      {"m.ts", "mpeg2video -g 10 -bf 2"},
      {"h.mp4", "libx265 -preset ultrafast -x265-params keyint=10:log-level=none"},
      {"v.webm", "libvpx-vp9 -deadline realtime -cpu-used 8 -g 10"},
      {"j.mov", "mjpeg -pix_fmt yuvj420p"},
      {"p.mov", "prores"},
      {"t.ogv", "libtheora -g 10"}};
  for (const auto& [name, codec] : rows) {
    compose(fmt::format("-f lavfi -i testsrc2=s=320x180:r=10:d=12 -c:v {} ", codec), folder_ / name);
    const auto source = open(folder_ / name);
    const auto board = storyboard(source, spec_for<StoryboardSpec>(source));
    EXPECT_GE(board.tiles, 11) << name;
    EXPECT_GT(pixels_of(folder_ / "storyboard.jpg").mean(), 60) << name;
  }
}

TEST_F(FramesTest, RealFiles) {
  int films = 0;
  for (const auto& file : real_files("valid")) {
    const auto source = open(file);
    if (!source.video) continue;
    const auto made = poster(source, spec_for<PosterSpec>(source));
    const auto board = storyboard(source, spec_for<StoryboardSpec>(source));
    EXPECT_GE(board.tiles, 1) << file;
    const auto pixels = pixels_of(folder_ / "poster.jpg");
    EXPECT_EQ(pixels.width, made.width) << file;
    const double shape = static_cast<double>(source.video->video->display_width) / source.video->video->display_height;
    if (made.width >= 64) EXPECT_NEAR(static_cast<double>(made.width) / made.height, shape, shape * 0.03) << file;
    ++films;
  }
  if (std::getenv("VIDEOFORGE_MEDIA_DIR")) EXPECT_GE(films, 24);
}

}  // namespace
}  // namespace vf::media::frames
