// Reading pictures: a start in the middle must show exactly what a full read shows from there on.
#include "media/decode/video_reader.h"

#include <set>

#include "picture_support.h"

namespace vf::media {
namespace {

using namespace vf::test;

struct Shown {
  std::int64_t pts;
  std::uint32_t sum;
  friend bool operator==(const Shown&, const Shown&) = default;
};

std::vector<Shown> read_all(const std::filesystem::path& path, const VideoReaderOptions& options = {},
                            std::size_t most = SIZE_MAX, VideoReaderStats* stats = nullptr) {
  std::vector<Shown> out;
  const auto fd = open_input(path);
  auto reader = VideoReader::create(fd.get(), -1, options);
  EXPECT_TRUE(reader.has_value()) << path << ": " << (reader ? "" : reader.error().message);
  while (reader && out.size() < most) {
    const auto frame = reader->next();
    EXPECT_TRUE(frame.has_value()) << path;
    if (!frame || !*frame) break;
    out.push_back({(*frame)->pts, checksum(**frame)});
  }
  if (reader && stats) *stats = reader->stats();
  return out;
}

// Reads a few pictures from each of the starts and compares.
void expect_exact(const std::filesystem::path& path, std::size_t step) {
  const auto full = read_all(path);
  ASSERT_GT(full.size(), 0U) << path;
  for (std::size_t i = 1; i < full.size(); ++i) ASSERT_LT(full[i - 1].pts, full[i].pts) << path;
  for (std::size_t i = 0; i < full.size(); i += step) {
    const auto last = std::min(i + 4, full.size());
    VideoReaderOptions options{.start_ticks = full[i].pts};
    if (last < full.size()) options.end_ticks = full[last].pts;
    const auto part = read_all(path, options);
    const std::vector expected(full.begin() + static_cast<std::ptrdiff_t>(i),
                               full.begin() + static_cast<std::ptrdiff_t>(last));
    ASSERT_EQ(part.size(), expected.size()) << path << " from picture " << i;
    for (std::size_t j = 0; j < part.size(); ++j) {
      ASSERT_EQ(part[j].pts, expected[j].pts) << path << " from picture " << i;
      ASSERT_EQ(part[j].sum, expected[j].sum)
          << path << " from picture " << i << ": another picture at its " << j << ". one";
    }
  }
}

struct Composed {
  const char* name;
  const char* arguments;
};

class Exact : public testing::TestWithParam<Composed> {};

constexpr char kSource[] = "-f lavfi -i testsrc2=s=160x96:r=25:d=3 ";

TEST_P(Exact, AnyStartShowsWhatAFullReadShows) {
  const TempFolder folder;
  const auto path = folder / GetParam().name;
  compose(std::string(kSource) + GetParam().arguments, path);
  expect_exact(path, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Composed, Exact,
    testing::Values(Composed{"closed.mp4", "-c:v libx264 -bf 3 -g 20"},
                    Composed{"open.mp4", "-c:v libx264 -bf 3 -g 20 -x264-params open-gop=1:b-pyramid=normal"},
                    Composed{"open.ts", "-c:v libx264 -bf 3 -g 20 -x264-params open-gop=1:b-pyramid=normal"},
                    Composed{"open.mkv", "-c:v libx264 -bf 3 -g 20 -x264-params open-gop=1"},
                    Composed{"fragmented.mp4", "-c:v libx264 -bf 2 -g 20 -movflags frag_keyframe+empty_moov"},
                    Composed{"cra.mp4", "-c:v libx265 -x265-params keyint=20:open-gop=1:log-level=none:pools=none"},
                    Composed{"refresh.ts", "-c:v libx264 -bf 0 -g 20 -x264-params intra-refresh=1:keyint=20"},
                    Composed{"mpeg2.ts", "-c:v mpeg2video -bf 2 -g 12"},
                    Composed{"mpeg2.mpg", "-c:v mpeg2video -bf 2 -g 12"},
                    Composed{"vfr.mkv",
                             "-vf select='not(mod(n\\,3))+not(mod(n\\,7))' -vsync vfr -c:v libx264 -bf 3 -g 12"},
                    Composed{"mpeg4.avi", "-c:v mpeg4 -bf 0 -g 12"}, Composed{"raw.h264", "-c:v libx264 -bf 2 -g 12"},
                    Composed{"altref.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 20 -b:v 200k"},
                    Composed{"intra.mov", "-c:v prores -pix_fmt yuv422p10le"}, Composed{"mjpeg.avi", "-c:v mjpeg"},
                    Composed{"anim.gif", "-t 1"}),
    [](const auto& parameter) {
      std::string name = parameter.param.name;
      std::ranges::replace(name, '.', '_');
      return name;
    });

TEST(VideoReader, LeavesOutWhatAnEditListHides) {
  const TempFolder folder;
  compose(std::string(kSource) + "-c:v libx264 -bf 2 -g 25", folder / "whole.mp4");
  // A copy from 1.4 s keeps the key frame at 1 s and hides the pictures before by an edit list.
  compose(fmt::format("-ss 1.4 -i '{}' -c copy", (folder / "whole.mp4").string()), folder / "cut.mp4");
  const auto pictures = read_all(folder / "cut.mp4");
  EXPECT_EQ(pictures.size(), 40U);
  EXPECT_EQ(pictures.front().pts, 0);
  expect_exact(folder / "cut.mp4", 3);
}

TEST(VideoReader, DeliversNeighboursOfARange) {
  const TempFolder folder;
  compose(std::string(kSource) + "-c:v libx264 -bf 2 -g 25", folder / "a.mp4");
  const auto full = read_all(folder / "a.mp4");
  const auto part =
      read_all(folder / "a.mp4", {.start_ticks = full[10].pts, .end_ticks = full[20].pts, .neighbours = true});
  ASSERT_EQ(part.size(), 12U);
  for (std::size_t i = 0; i < part.size(); ++i) EXPECT_EQ(part[i], full[9 + i]);
  const auto first =
      read_all(folder / "a.mp4", {.start_ticks = full[0].pts, .end_ticks = full[2].pts, .neighbours = true});
  EXPECT_EQ(first.size(), 3U);
}

TEST(VideoReader, ReadsKeyFramesAloneAndReferencesAlone) {
  const TempFolder folder;
  compose(std::string(kSource) + "-c:v libx264 -bf 2 -g 25 -x264-params scenecut=0:b-pyramid=none", folder / "a.mp4");
  const auto full = read_all(folder / "a.mp4");
  const auto keys = read_all(folder / "a.mp4", {.key_frames_only = true});
  ASSERT_EQ(keys.size(), 3U);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(keys[i], full[25 * i]);
  const auto references = read_all(folder / "a.mp4", {.skip_non_reference = true});
  EXPECT_LT(references.size(), full.size());
  EXPECT_GT(references.size(), keys.size());
  for (const auto& picture : references) EXPECT_NE(std::ranges::find(full, picture), full.end());
}

TEST(VideoReader, DamageIsCountedAndReadingGoesOn) {
  const TempFolder folder;
  compose(std::string(kSource) + "-c:v libx264 -bf 2 -g 10 -b:v 2M", folder / "good.mp4");
  auto bytes = read_text(folder / "good.mp4");
  for (std::size_t at = bytes.size() / 3; at < bytes.size() / 3 + 4000 && at < bytes.size(); ++at)
    bytes[at] = static_cast<char>(at * 7);
  write_text(folder / "bad.mp4", bytes);
  VideoReaderStats stats;
  const auto pictures = read_all(folder / "bad.mp4", {}, SIZE_MAX, &stats);
  EXPECT_GT(pictures.size(), 40U);
  EXPECT_GT(stats.corrupt_frames + stats.decode_errors + stats.damaged_packets, 0);
}

TEST(VideoReader, RefusesWhatIsTooLargeOrNotThere) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=320x240:d=0.2 -c:v libx264", folder / "a.mp4");
  const auto fd = open_input(folder / "a.mp4");
  EXPECT_EQ(VideoReader::create(fd.get(), -1, {.max_pixels = 1000}).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(VideoReader::create(fd.get(), 7).error().code, ErrorCode::not_found);
  compose("-f lavfi -i sine=d=0.2", folder / "a.wav");
  EXPECT_EQ(VideoReader::create(open_input(folder / "a.wav").get(), -1).error().code, ErrorCode::not_found);
}

TEST(VideoReader, MalformedFilesEndWithPicturesOrASentence) {
  for (const auto& path : real_files("malformed")) {
    const auto fd = open_input(path);
    auto reader = VideoReader::create(fd.get(), -1, {.start_ticks = 1000, .end_ticks = 200'000});
    if (!reader) {
      EXPECT_FALSE(reader.error().message.empty()) << path;
      continue;
    }
    int pictures = 0;
    for (auto frame = reader->next(); frame && *frame; frame = reader->next()) ASSERT_LT(++pictures, 10'000) << path;
  }
}

TEST(VideoReader, RealFilesAreExactFromAnyStart) {
  for (const auto& path : real_files("valid")) {
    const auto fd = open_input(path);
    if (auto reader = VideoReader::create(fd.get(), -1); !reader) {
      EXPECT_EQ(reader.error().code, ErrorCode::not_found) << path << ": " << reader.error().message;
      continue;
    }
    SCOPED_TRACE(path);
    expect_exact(path, 17);
  }
}

}  // namespace
}  // namespace vf::media
