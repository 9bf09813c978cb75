// From a source's frames to the pictures of the rungs: colours, orientation, shapes, what is drawn.
#include "media/scale/picture_chain.h"

#include <array>

#include "media/decode/video_reader.h"
#include "media/scale/tone_map.h"
#include "picture_support.h"

namespace vf::media {
namespace {

using namespace vf::test;

Target target(int width, int height, std::string format = "yuv420p", bool keep_hdr = false) {
  return {"t", width, height, std::move(format), keep_hdr};
}

// Every picture of a file for every target, copied.
std::vector<std::vector<av::FramePtr>> pictures_of(const std::filesystem::path& path, const PictureSpec& spec,
                                                   const std::vector<Target>& targets,
                                                   const PictureResources& resources = {},
                                                   std::size_t most = SIZE_MAX) {
  std::vector<std::vector<av::FramePtr>> out(targets.size());
  const auto fd = open_input(path);
  auto reader = VideoReader::create(fd.get(), -1);
  EXPECT_TRUE(reader.has_value()) << path;
  if (!reader) return out;
  auto chain = PictureChain::create(spec, {reader->time_base(), 0}, targets, resources);
  EXPECT_TRUE(chain.has_value()) << (chain ? "" : chain.error().message);
  if (!chain) return out;
  bool more = true;
  while (more && out[0].size() < most) {
    const auto frame = reader->next();
    EXPECT_TRUE(frame.has_value());
    more = frame && *frame;
    const auto pushed = chain->push(more ? *frame : nullptr);
    EXPECT_TRUE(pushed.has_value()) << path << (pushed ? "" : pushed.error().message);
    for (;;) {
      const auto pulled = chain->pull();
      EXPECT_TRUE(pulled.has_value()) << path << (pulled ? "" : pulled.error().message + pulled.error().detail);
      if (!pulled || !*pulled) break;
      for (std::size_t t = 0; t < targets.size(); ++t) out[t].push_back(av::share(chain->picture(t)));
    }
  }
  return out;
}

av::FramePtr first_picture(const std::filesystem::path& path, const PictureSpec& spec, const Target& t,
                           const PictureResources& resources = {}) {
  auto all = pictures_of(path, spec, {t}, resources, 1);
  EXPECT_FALSE(all[0].empty()) << path;
  return all[0].empty() ? av::FramePtr() : std::move(all[0][0]);
}

std::vector<std::uint8_t> by_ffmpeg(const std::filesystem::path& path, const std::string& filter,
                                    const std::filesystem::path& raw) {
  run(fmt::format("ffmpeg -v error -y -noautorotate -i '{}' -frames:v 1 -vf '{}' -pix_fmt yuv420p -f rawvideo '{}'",
                  path.string(), filter, raw.string()));
  const auto text = read_text(raw);
  return {text.begin(), text.end()};
}

std::array<int, 3> sample(const AVFrame& f, int x, int y) {
  if (f.format == AV_PIX_FMT_YUV420P)
    return {f.data[0][y * f.linesize[0] + x], f.data[1][y / 2 * f.linesize[1] + x / 2],
            f.data[2][y / 2 * f.linesize[2] + x / 2]};
  const auto at = [&](int plane, int px, int py) {
    return reinterpret_cast<const std::uint16_t*>(f.data[plane] + py * f.linesize[plane])[px];
  };
  return {at(0, x, y), at(1, x / 2, y / 2), at(2, x / 2, y / 2)};
}

void expect_color(const AVFrame& f, int x, int y, std::array<int, 3> expected, int tolerance, const std::string& what) {
  const auto got = sample(f, x, y);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(got[i], expected[i], tolerance) << what << ": component " << i << " at " << x << "," << y;
}

// BT.709 limited codes of pure colours (ITU-R BT.709-6, computed by its equations).
constexpr std::array<int, 3> kRed{63, 102, 240}, kGreen{173, 42, 26}, kBlue{32, 240, 118}, kWhite{235, 128, 128},
    kGray{126, 128, 128};

// A still of four coloured quarters: red, green, blue, white.
std::string quarters(int width = 64, int height = 48) {
  return fmt::format(
      "-f lavfi -i color=red:s={0}x{1}:r=5:d=0.4 -f lavfi -i color=0x00ff00:s={0}x{1}:r=5:d=0.4 -f lavfi -i "
      "color=blue:s={0}x{1}:r=5:d=0.4 "
      "-f lavfi -i color=white:s={0}x{1}:r=5:d=0.4 -filter_complex "
      "'[0]format=gbrp[a];[1]format=gbrp[b];[2]format=gbrp[c];[3]format=gbrp[d];"
      "[a][b]hstack[t];[c][d]hstack[u];[t][u]vstack",
      width / 2, height / 2);
}

void expect_quarters(const AVFrame& f, int tolerance, const std::string& what) {
  const int w = f.width, h = f.height;
  expect_color(f, w / 4, h / 4, kRed, tolerance, what);
  expect_color(f, 3 * w / 4, h / 4, kGreen, tolerance, what);
  expect_color(f, w / 4, 3 * h / 4, kBlue, tolerance, what);
  expect_color(f, 3 * w / 4, 3 * h / 4, kWhite, tolerance, what);
}

TEST(PictureChain, KnownColoursBecomeBt709) {
  struct Case {
    const char* name;
    const char* filter;  // from RGB to what the file holds
    const char* output;
  };
  const Case cases[] = {
      {"rgb.mkv", "", "-c:v ffv1 -pix_fmt gbrp"},
      {"bt709.mkv", ",zscale=m=709:r=limited,format=yuv444p", "-c:v ffv1 -colorspace bt709 -color_range tv"},
      {"bt601.mkv", ",zscale=m=170m:r=limited,format=yuv420p", "-c:v ffv1 -colorspace smpte170m -color_range tv"},
      {"untagged_sd.avi", ",zscale=m=170m:r=limited,format=yuv422p", "-c:v ffvhuff"},
      {"full709.mkv", ",zscale=m=709:r=full,format=yuv420p", "-c:v ffv1 -colorspace bt709 -color_range pc"},
      {"full601.mkv", ",zscale=m=470bg:r=full,format=yuv444p", "-c:v ffv1 -colorspace bt470bg -color_range pc"},
      {"ten.mkv", ",zscale=m=709:r=limited,format=yuv422p10le", "-c:v ffv1 -colorspace bt709 -color_range tv"},
      {"bgra.mkv", ",format=bgra", "-c:v ffv1"},
      {"alpha.mkv", ",zscale=m=709:r=limited,format=yuva420p", "-c:v ffv1 -colorspace bt709 -color_range tv"},
      {"wide.mkv", ",zscale=p=2020:t=709:m=2020_ncl:r=limited:pin=709:tin=709:min=gbr,format=yuv420p10le",
       "-c:v ffv1 -colorspace bt2020nc -color_range tv -color_primaries bt2020 -color_trc bt709"},
  };
  for (const auto& c : cases) {
    const TempFolder folder;
    compose(quarters() + c.filter + "' " + c.output, folder / c.name);
    for (const auto& t : {target(64, 48), target(128, 96), target(32, 24)}) {
      const auto picture = first_picture(folder / c.name, {}, t);
      ASSERT_TRUE(picture);
      // The wide picture goes through light: zscale darkens near black by another curve than we do.
      expect_quarters(*picture, std::string_view(c.name) == "wide.mkv" ? 22 : 3,
                      fmt::format("{} to {}", c.name, t.width));
      EXPECT_EQ(picture->colorspace, AVCOL_SPC_BT709);
      EXPECT_EQ(picture->color_range, AVCOL_RANGE_MPEG);
    }
  }
}

TEST(PictureChain, TransparencyStandsOnBlack) {
  const TempFolder folder;
  compose("-f lavfi -i color=white@0.5:s=64x48:r=5:d=0.4,format=rgba -c:v png", folder / "half.mov");
  expect_color(*first_picture(folder / "half.mov", {}, target(64, 48)), 30, 20, kGray, 3, "half transparent white");
}

TEST(PictureChain, ScalesLikeFfmpegDoes) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=640x360:r=5:d=0.4 -vf format=yuv420p -c:v ffv1 -colorspace bt709 -color_range tv",
          folder / "in.mkv");
  const std::vector targets{target(320, 180), target(640, 360), target(480, 270)};
  const auto all = pictures_of(folder / "in.mkv", {}, targets, {}, 1);
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const auto reference = by_ffmpeg(
        folder / "in.mkv", fmt::format("scale={}:{}:flags=lanczos+accurate_rnd", targets[t].width, targets[t].height),
        folder / "raw");
    EXPECT_GT(psnr(bytes_of(*all[t][0]), reference), 30) << targets[t].width;
  }
}

TEST(PictureChain, TurnsAllEightWays) {
  const TempFolder folder;
  compose(quarters(64, 48) + ",format=yuv444p' -c:v ffv1", folder / "in.mkv");
  const std::pair<int, const char*> turns[] = {
      {0, "null"}, {90, "transpose=clock"}, {180, "hflip,vflip"}, {270, "transpose=cclock"}};
  compose("-f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -vf format=yuv420p -c:v ffv1 -colorspace bt709 -color_range tv",
          folder / "in.mkv");
  for (const bool mirrored : {false, true})
    for (const auto& [rotation, filter] : turns) {
      PictureSpec spec;
      spec.rotation = rotation;
      spec.mirrored = mirrored;
      const bool swapped = rotation % 180 != 0;
      const auto picture = first_picture(folder / "in.mkv", spec, swapped ? target(48, 64) : target(64, 48));
      const auto reference =
          by_ffmpeg(folder / "in.mkv", fmt::format("{}{}", mirrored ? "hflip," : "", filter), folder / "raw");
      EXPECT_EQ(psnr(bytes_of(*picture), reference), 99) << rotation << (mirrored ? " mirrored" : "");
    }
}

TEST(PictureChain, CropsWhatTheViewerSees) {
  const TempFolder folder;
  compose(quarters(128, 64) + ",zscale=m=709:r=limited,format=yuv444p' -c:v ffv1 -colorspace bt709 -color_range tv",
          folder / "in.mkv");
  PictureSpec spec;
  spec.crop = Crop{64, 32, 64, 0};
  expect_color(*first_picture(folder / "in.mkv", spec, target(64, 32)), 30, 16, kGreen, 3, "plain");
  spec.rotation = 90;  // upright: blue red / white green, 64 x 128
  spec.crop = Crop{32, 64, 32, 0};
  expect_color(*first_picture(folder / "in.mkv", spec, target(32, 64)), 16, 30, kRed, 3, "turned right");
  spec.rotation = 270;  // upright: green white / red blue
  expect_color(*first_picture(folder / "in.mkv", spec, target(32, 64)), 16, 30, kWhite, 3, "turned left");
  spec.rotation = 180;  // upright: white blue / green red
  spec.crop = Crop{64, 32, 64, 32};
  expect_color(*first_picture(folder / "in.mkv", spec, target(64, 32)), 30, 16, kRed, 3, "upside down");
  spec.rotation = 0;
  spec.mirrored = true;
  expect_color(*first_picture(folder / "in.mkv", spec, target(64, 32)), 30, 16, kBlue, 3, "mirrored");
  spec.mirrored = false;
  spec.sample_aspect = {2, 1};  // shown 256 wide
  spec.crop = Crop{128, 32, 128, 0};
  expect_color(*first_picture(folder / "in.mkv", spec, target(128, 32)), 60, 16, kGreen, 3, "anamorphic");
}

TEST(PictureChain, EveryShapeAndFormatGoesThrough) {
  const TempFolder folder;
  for (const auto* format :
       {"yuv420p", "yuv422p", "yuv444p", "yuv411p", "gray", "yuv420p10le", "yuv422p10le", "yuv444p12le", "rgb24",
        "bgr0", "pal8", "gbrp10le", "yuva444p10le", "rgba64le", "gray10le", "yuv410p"})
    for (const auto& [w, h] : {std::pair{63, 47}, std::pair{1, 1}}) {
      const auto made =
          run(fmt::format("ffmpeg -v error -y -f lavfi -i testsrc=s=128x96:r=5:d=0.2 -vf scale={}:{},format={} -c:v "
                          "ffv1 '{}' && echo ok || true",
                          w, h, format, (folder / "in.mkv").string()));
      ASSERT_NE(made.find("ok"), std::string::npos) << made;
      const auto all =
          pictures_of(folder / "in.mkv", {}, {target(64, 48), target(16, 16), target(64, 48, "yuv420p10le")});
      ASSERT_EQ(all[0].size(), 1U) << format << w << "x" << h;
      EXPECT_EQ(all[0][0]->width, 64);
      EXPECT_EQ(all[2][0]->format, AV_PIX_FMT_YUV420P10LE);
    }
}

TEST(PictureChain, DeinterlacesEveryFrameOnce) {
  const TempFolder folder;
  compose(
      "-f lavfi -i testsrc2=s=320x240:r=50:d=1 -vf interlace,format=yuv420p -c:v mpeg2video -flags +ildct+ilme -q:v 2",
      folder / "in.ts");
  compose("-f lavfi -i testsrc2=s=320x240:r=25:d=1 -vf format=yuv420p -c:v mpeg2video -q:v 2", folder / "whole.ts");
  PictureSpec spec;
  const auto raw = pictures_of(folder / "in.ts", spec, {target(320, 240)});
  spec.deinterlace = Deinterlace::flagged;
  const auto smooth = pictures_of(folder / "in.ts", spec, {target(320, 240)});
  ASSERT_EQ(smooth[0].size(), raw[0].size());
  for (std::size_t i = 0; i < raw[0].size(); ++i) ASSERT_EQ(smooth[0][i]->pts, raw[0][i]->pts);
  // Combing: how much neighbouring lines differ against lines two apart.
  const auto combing = [](const AVFrame& f) {
    double near = 0, far = 1;
    for (int y = 2; y < f.height; ++y)
      for (int x = 0; x < f.width; ++x) {
        const auto at = [&](int line) { return static_cast<int>(f.data[0][line * f.linesize[0] + x]); };
        near += std::abs(at(y) - at(y - 1));
        far += std::abs(at(y) - at(y - 2));
      }
    return near / far;
  };
  EXPECT_LT(combing(*smooth[0][10]), combing(*raw[0][10]));
  // A progressive stream is left alone.
  const auto whole = pictures_of(folder / "whole.ts", {}, {target(320, 240)});
  const auto same = pictures_of(folder / "whole.ts", spec, {target(320, 240)});
  EXPECT_EQ(bytes_of(*whole[0][7]), bytes_of(*same[0][7]));
}

TEST(PictureChain, HdrKeepsItsLightOrBecomesSdr) {
  const TempFolder folder;
  for (const auto& [transfer, tag] : {std::pair{"smpte2084", "smpte2084"}, std::pair{"arib-std-b67", "arib-std-b67"}}) {
    // A ramp of greys of an SDR picture, put at 203 cd/m2 white in PQ or HLG.
    compose(
        fmt::format(
            "-f lavfi -i testsrc=s=320x180:r=5:d=0.4 -vf "
            "format=yuv444p,zscale=tin=709:pin=709:min=709:rin=limited:t=linear:p=709:m=gbr:npl=203,format=gbrpf32le,"
            "zscale=t={}:p=2020:m=2020_ncl:r=limited:npl=203,format=yuv420p10le -c:v ffv1 -color_primaries bt2020 "
            "-color_trc {} -colorspace bt2020nc -color_range tv",
            transfer, tag),
        folder / "hdr.mkv");
    const auto all =
        pictures_of(folder / "hdr.mkv", {},
                    {target(320, 180), target(320, 180, "yuv420p10le", true), target(160, 90, "yuv420p10le")});
    ASSERT_FALSE(all[0].empty());
    const auto& sdr = *all[0][0];
    EXPECT_EQ(sdr.color_trc, AVCOL_TRC_BT709);
    EXPECT_EQ(sdr.format, AV_PIX_FMT_YUV420P);
    const auto& hdr = *all[1][0];
    EXPECT_EQ(hdr.color_trc, transfer == std::string_view("smpte2084") ? AVCOL_TRC_SMPTE2084 : AVCOL_TRC_ARIB_STD_B67);
    EXPECT_EQ(hdr.colorspace, AVCOL_SPC_BT2020_NCL);
    EXPECT_EQ(all[2][0]->format, AV_PIX_FMT_YUV420P10LE);
    // The SDR picture resembles the one it was made from: same order of brightness, no clipped white.
    const auto original = by_ffmpeg(
        folder / "hdr.mkv",
        "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=709,zscale=t=709:m=709:r=limited:npl=203", folder / "raw");
    EXPECT_GT(psnr(bytes_of(sdr), original), 14) << transfer;
  }
}

TEST(ToneMap, CompressesOnlyTheBrightest) {
  EXPECT_DOUBLE_EQ(compress_pq(0.3, 0.8), 0.3);
  EXPECT_NEAR(compress_pq(1.0, 0.8), 0.8, 1e-9);
  double last = 0;
  for (double v = 0; v <= 1; v += 0.01) {
    EXPECT_GE(compress_pq(v, 0.6), last);
    last = compress_pq(v, 0.6);
  }
  // Greys stay grey, black stays black, and brighter stays brighter.
  auto from = av::make_frame();
  auto to = av::make_frame();
  for (auto* frame : {from.get(), to.get()}) {
    frame->width = 1024;
    frame->height = 2;
    frame->format = AV_PIX_FMT_YUV420P10LE;
    av_frame_get_buffer(frame, 0);
  }
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 1024; ++x)
      reinterpret_cast<std::uint16_t*>(from->data[0] + y * from->linesize[0])[x] = static_cast<std::uint16_t>(x);
  for (int plane = 1; plane < 3; ++plane)
    for (int x = 0; x < 512; ++x) reinterpret_cast<std::uint16_t*>(from->data[plane])[x] = 512;
  for (const auto transfer : {Transfer::pq, Transfer::hlg, Transfer::sdr}) {
    Light light;
    light.transfer = transfer;
    light.wide = true;
    ToneMap(light).run(*from, *to);
    EXPECT_NEAR(sample(*to, 64, 0)[0], 64, 2);
    EXPECT_GT(sample(*to, 940, 0)[0], transfer == Transfer::pq ? 900 : 920);
    int before = 0;
    for (int x = 64; x <= 940; ++x) {
      const auto [luma, cb, cr] = sample(*to, x, 0);
      ASSERT_GE(luma, before) << x;
      ASSERT_NEAR(cb, 512, 2) << x;
      ASSERT_NEAR(cr, 512, 2) << x;
      before = luma;
    }
  }
}

TEST(PictureChain, DrawsTheWatermarkWhereItIsAskedFor) {
  const TempFolder folder;
  compose("-f lavfi -i color=black:s=320x180:r=5:d=0.4 -c:v libx264 -qp 0", folder / "in.mp4");
  compose("-f lavfi -i color=red:s=40x20,format=rgba -frames:v 1", folder / "mark.png");
  const auto mark = open_input(folder / "mark.png");
  PictureSpec spec;
  spec.watermark = Watermark{Corner::bottom_right, 1.0, 0.25, 0.0};
  const auto picture = first_picture(folder / "in.mp4", spec, target(320, 180), {.watermark_fd = mark.get()});
  expect_color(*picture, 300, 160, kRed, 3, "inside");
  expect_color(*picture, 200, 160, {16, 128, 128}, 2, "left of it");
  expect_color(*picture, 300, 130, {16, 128, 128}, 2, "above it");
  spec.watermark->corner = Corner::top_left;
  spec.watermark->opacity = 0.5;
  expect_color(*first_picture(folder / "in.mp4", spec, target(320, 180), {.watermark_fd = mark.get()}), 20, 10,
               {40, 115, 184}, 3, "half");
  EXPECT_FALSE(PictureChain::create(spec, {}, std::vector{target(320, 180)}).has_value());
}

TEST(PictureChain, BurnsSubtitlesAtTheirTime) {
  const TempFolder folder;
  write_text(folder / "s.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello there\n");
  compose(fmt::format("-f lavfi -i color=black:s=320x180:r=5:d=3 -i '{}' -c:v libx264 -c:s ass",
                      (folder / "s.srt").string()),
          folder / "in.mkv");
  // One with letters: a font of icons draws boxes.
  std::filesystem::path font;
  for (const auto* path :
       {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"})
    if (font.empty() && std::filesystem::exists(path)) font = path;
  if (font.empty()) GTEST_SKIP() << "no TrueType font with letters is installed here";
  const auto source = open_input(folder / "in.mkv");
  const auto letters = open_input(font);
  PictureSpec spec;
  spec.burn = BurnSubtitles{1, false};
  const auto all = pictures_of(folder / "in.mkv", spec, {target(320, 180), target(160, 90)},
                               {.subtitle_fd = source.get(), .font_fd = letters.get()});
  ASSERT_EQ(all[0].size(), 15U);
  const auto bright = [](const AVFrame& f) {  // text on black
    int count = 0;
    for (int y = 0; y < f.height; ++y)
      for (int x = 0; x < f.width; ++x) count += f.data[0][y * f.linesize[0] + x] > 60;
    return count;
  };
  EXPECT_EQ(bright(*all[0][2]), 0);
  EXPECT_GT(bright(*all[0][6]), 50);
  EXPECT_GT(bright(*all[1][6]), 10);
  EXPECT_EQ(bright(*all[0][12]), 0);
}

TEST(PictureChain, RealFilesGiveOnePictureForEveryFrame) {
  for (const auto& path : real_files("valid")) {
    const auto fd = open_input(path);
    auto reader = VideoReader::create(fd.get(), -1);
    if (!reader) continue;
    std::size_t frames = 0;
    while (frames < 20 && *reader->next()) ++frames;
    const auto all = pictures_of(path, {}, {target(320, 180), target(160, 90)}, {}, frames);
    EXPECT_EQ(all[1].size(), frames) << path;
  }
}

}  // namespace
}  // namespace vf::media
