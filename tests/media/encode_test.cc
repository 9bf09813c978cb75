// Encoding chunks: the right pictures at the right times, segments that begin with the only IDR
// pictures, the same bytes every time, and chunks that join to a file that decodes without a word.
#include "media/encode/video_chunk.h"

#include <sstream>

#include <gmock/gmock.h>

#include "media/av/version.h"
#include "media/decode/video_reader.h"
#include "picture_support.h"

namespace vf::media {
namespace {

using namespace vf::test;

// What a planner knows of a source, and the times of its pictures.
struct Source {
  std::filesystem::path path;
  Rational time_base;
  int width = 0;
  int height = 0;
  std::vector<std::int64_t> times;
  std::int64_t end = 0;
};

Source look_at(const std::filesystem::path& path) {
  Source source{path, {1, 1}, 0, 0, {}, 0};
  const auto fd = open_input(path);
  auto reader = VideoReader::create(fd.get(), -1);
  if (!reader) return source;
  source.time_base = reader->time_base();
  while (true) {
    const auto frame = reader->next();
    if (!frame || !*frame) break;
    source.times.push_back((*frame)->pts);
    source.width = (*frame)->width;
    source.height = (*frame)->height;
  }
  const auto n = source.times.size();
  if (n > 0)
    source.end =
        source.times.back() + (n > 1 ? (source.times.back() - source.times.front()) / static_cast<std::int64_t>(n - 1)
                                     : 1 / source.time_base.value() / 25);
  if (n > 0 && source.end <= source.times.back()) source.end = source.times.back() + 1;
  return source;
}

int even(int v) { return std::max(16, v / 2 * 2); }

// Chunks of `chunk` pictures with segments of `segment` pictures.
std::vector<ChunkSpec> cut(const Source& source, std::size_t chunk, std::size_t segment, std::vector<ChunkRung> rungs) {
  std::vector<ChunkSpec> out;
  int number = 1;
  for (std::size_t first = 0; first < source.times.size(); first += chunk) {
    ChunkSpec spec;
    spec.stream_index = -1;
    spec.time_base = source.time_base;
    spec.origin_ticks = source.times.front();
    spec.start_ticks = source.times[first];
    spec.end_ticks = first + chunk < source.times.size() ? source.times[first + chunk] : source.end;
    for (auto i = first; i < std::min(first + chunk, source.times.size()); i += segment)
      spec.segment_starts.push_back(source.times[i]);
    spec.first_segment_number = number;
    number += static_cast<int>(spec.segment_starts.size());
    spec.timescale = 90000;
    const auto span = source.end - source.times.front();
    spec.frame_rate =
        reduced({static_cast<std::int64_t>(source.times.size()) * source.time_base.den, span * source.time_base.num});
    spec.rungs = rungs;
    out.push_back(spec);
  }
  return out;
}

ChunkRung rung(std::string name, int width, int height, std::string_view codec = "h264", std::string_view speed = "",
               std::int64_t cap = 2'000'000) {
  auto encoder = choose_video_encoder(codec, "medium", speed, cap);
  EXPECT_TRUE(encoder.has_value()) << (encoder ? "" : encoder.error().message);
  return {{std::move(name), width, height, "yuv420p", false}, *encoder};
}

// Encodes all chunks and joins each rung to a file `<name>.mp4` in the folder.
std::vector<std::vector<TrackChunk>> encode(const Source& source, const std::vector<ChunkSpec>& specs,
                                            const TempFolder& folder) {
  std::vector<std::vector<TrackChunk>> tracks(specs.front().rungs.size());
  std::vector<UniqueFd> files;
  for (const auto& r : specs.front().rungs) files.push_back(new_file(folder / (r.target.name + ".chunks")));
  const auto fd = open_input(source.path);
  for (const auto& spec : specs) {
    std::vector<RungOutput> outputs;
    for (const auto& file : files) outputs.push_back({file.get()});
    double last = 0;
    auto chunks = encode_video_chunk(fd.get(), spec, {}, outputs, [&](double fraction) {
      EXPECT_GE(fraction, last);
      last = fraction;
    });
    EXPECT_TRUE(chunks.has_value()) << source.path << ": "
                                    << (chunks ? "" : chunks.error().message + " " + chunks.error().detail);
    if (!chunks) return {};
    for (std::size_t i = 0; i < tracks.size(); ++i) tracks[i].push_back(std::move((*chunks)[i]));
  }
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const auto& name = specs.front().rungs[i].target.name;
    const auto header = build_header(tracks[i].front().format, tracks[i]);
    EXPECT_TRUE(header.has_value()) << (header ? "" : header.error().message);
    if (header) write_text(folder / (name + ".mp4"), header->bytes + read_text(folder / (name + ".chunks")));
  }
  return tracks;
}

struct Packet {
  double time;
  bool key;
};

// The packets of a joined file in the order shown, by ffprobe.
std::vector<Packet> packets_of(const std::filesystem::path& path) {
  std::istringstream lines(run(fmt::format(
      "ffprobe -v error -select_streams v -show_entries packet=pts_time,flags -of csv=p=0 '{}'", path.string())));
  std::vector<Packet> out;
  for (std::string line; std::getline(lines, line);)
    if (const auto comma = line.find(','); comma != std::string::npos)
      out.push_back({std::stod(line), line[comma + 1] == 'K'});
  std::ranges::sort(out, {}, &Packet::time);
  return out;
}

// The joined file shows the source's pictures at their times, and its key frames are the segments.
void expect_right(const std::filesystem::path& path, const Source& source, const std::vector<ChunkSpec>& specs) {
  EXPECT_EQ(run(fmt::format("ffmpeg -v error -i '{}' -f null -", path.string())), "")
      << path
      << run(fmt::format("ffprobe -v error -show_entries packet=pts,dts,duration,flags -of csv=p=0 '{}' | head -20",
                         path.string()));
  const auto packets = packets_of(path);
  ASSERT_EQ(packets.size(), source.times.size()) << path;
  std::vector<std::int64_t> starts;
  for (const auto& spec : specs) starts.insert(starts.end(), spec.segment_starts.begin(), spec.segment_starts.end());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const double expected = static_cast<double>(source.times[i] - source.times.front()) * source.time_base.value();
    ASSERT_NEAR(packets[i].time - packets[0].time, expected, 1.0 / 45000) << path << " picture " << i;
    ASSERT_EQ(packets[i].key, std::ranges::find(starts, source.times[i]) != starts.end()) << path << " picture " << i;
  }
}

// Scene cuts, moving patterns, B-frames: three looks in turn.
constexpr char kClip[] =
    "-f lavfi -i testsrc2=s=320x192:r=25:d=2 -f lavfi -i mandelbrot=s=320x192:r=25 -f lavfi -i "
    "life=s=320x192:r=25:seed=3 "
    "-filter_complex "
    "[1]trim=end_frame=30,format=yuv420p,setpts=PTS-STARTPTS[b];[2]trim=end_frame=20,format=yuv420p,setpts=PTS-"
    "STARTPTS[c];"
    "[0]format=yuv420p[a];[a][b][c]concat=n=3:v=1 ";

std::string clip(std::string_view encoder) {
  std::string out = kClip;
  const auto at = out.find("-filter_complex ") + 16;
  out.insert(at, "'");
  out.insert(out.size() - 1, "'");
  return out + std::string(encoder);
}

TEST(EncodeChunk, EveryRungHasThePicturesAndTheSegments) {
  const TempFolder folder;
  compose(clip("-c:v libx264 -bf 3 -g 40"), folder / "in.mp4");
  const auto source = look_at(folder / "in.mp4");
  ASSERT_EQ(source.times.size(), 100U);
  const auto specs =
      cut(source, 50, 20, {rung("a", 320, 192), rung("b", 240, 144), rung("c", 160, 96, "h264", "veryfast")});
  const auto tracks = encode(source, specs, folder);
  for (const auto* name : {"a.mp4", "b.mp4", "c.mp4"}) expect_right(folder / name, source, specs);
  ASSERT_EQ(tracks.size(), 3U);
  EXPECT_EQ(tracks[0][0].format, tracks[0][1].format) << "chunks must agree on their parameter sets";
  EXPECT_EQ(tracks[0][0].segments.size(), 3U);
  EXPECT_EQ(tracks[0][1].start, tracks[0][0].start + tracks[0][0].duration);
  // Similarity to the source, by ffmpeg.
  const auto ssim = run(fmt::format(
      "ffmpeg -v info -i '{}' -i '{}' -lavfi '[0]settb=1/25,setpts=N[x];[1]settb=1/25,setpts=N[y];[x][y]ssim' -f null "
      "- 2>&1 | grep -o 'Y:[0-9.]*'",
      (folder / "a.mp4").string(), source.path.string()));
  EXPECT_GT(std::stod(ssim.substr(2)), 0.95);
}

TEST(EncodeChunk, TheSameBytesWithAnyCompany) {
  const TempFolder one, two;
  compose(clip("-c:v libx264 -bf 3"), one / "in.mp4");
  const auto source = look_at(one / "in.mp4");
  encode(source, cut(source, 50, 25, {rung("a", 320, 192), rung("b", 160, 96)}), one);
  encode(source, cut(source, 50, 25, {rung("a", 320, 192), rung("b", 160, 96)}), two);
  EXPECT_EQ(read_text(one / "a.mp4"), read_text(two / "a.mp4"));
  EXPECT_EQ(read_text(one / "b.mp4"), read_text(two / "b.mp4"));
}

TEST(EncodeChunk, OtherCodecsKeepTheSameSegments) {
  for (const std::string codec : {"hevc", "av1", "vp9"}) {
    const TempFolder folder;
    compose(clip("-c:v libx264 -preset ultrafast -t 2.4"), folder / "in.mp4");
    const auto source = look_at(folder / "in.mp4");
    const std::string speed = codec == "av1" ? "12" : codec == "vp9" ? "5" : "ultrafast";
    const auto specs = cut(source, 30, 15, {rung("a", 320, 192, codec, speed)});
    const auto first = encode(source, specs, folder);
    SCOPED_TRACE(codec);
    if (first.empty()) continue;
    expect_right(folder / "a.mp4", source, specs);
    EXPECT_EQ(first[0][0].format, first[0][1].format);
    const auto bytes = read_text(folder / "a.mp4");
    encode(source, specs, folder);
    EXPECT_EQ(bytes, read_text(folder / "a.mp4"));
  }
}

TEST(EncodeChunk, VariableRatesKeepTheirTimes) {
  const TempFolder folder;
  run(
      fmt::format("ffmpeg -v error -y -f lavfi -i testsrc2=s=320x192:r=50:d=3 -vf "
                  "\"select='not(mod(n,3))+not(mod(n,7))'\" -vsync vfr -c:v libx264 -bf 3 '{}'",
                  (folder / "in.mkv").string()));
  const auto source = look_at(folder / "in.mkv");
  ASSERT_GT(source.times.size(), 50U);
  const auto specs = cut(source, 30, 12, {rung("a", 160, 96)});
  encode(source, specs, folder);
  expect_right(folder / "a.mp4", source, specs);
}

TEST(EncodeChunk, ShortSlowAndFastFilms) {
  struct Case {
    const char* arguments;
    std::size_t pictures;
  };
  for (const auto& [arguments, pictures] : {Case{"r=25:d=0.12:s=64x64", 3}, Case{"r=1:d=5:s=64x64", 5},
                                            Case{"r=240:d=0.5:s=64x64", 120}, Case{"r=25:d=0.04:s=2x2", 1}}) {
    const TempFolder folder;
    compose(fmt::format("-f lavfi -i testsrc2={} -c:v ffv1", arguments), folder / "in.mkv");
    const auto source = look_at(folder / "in.mkv");
    ASSERT_EQ(source.times.size(), pictures) << arguments;
    SCOPED_TRACE(arguments);
    const auto specs = cut(source, 100, 50, {rung("a", even(source.width), even(source.height))});
    encode(source, specs, folder);
    expect_right(folder / "a.mp4", source, specs);
  }
}

TEST(EncodeChunk, InterlacedKeepsItsFrames) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=320x192:r=50:d=2 -vf interlace -c:v mpeg2video -flags +ildct+ilme -b:v 3M",
          folder / "in.ts");
  const auto source = look_at(folder / "in.ts");
  auto specs = cut(source, 25, 25, {rung("a", 320, 192)});
  for (auto& spec : specs) spec.picture.deinterlace = Deinterlace::flagged;
  encode(source, specs, folder);
  expect_right(folder / "a.mp4", source, specs);
}

TEST(EncodeChunk, AFrameRateLimitLeavesEverySecondPictureOut) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=160x96:r=50:d=2 -c:v libx264", folder / "in.mp4");
  auto source = look_at(folder / "in.mp4");
  auto specs = cut(source, 50, 50, {rung("a", 160, 96)});
  for (auto& spec : specs) spec.fps_limit = {25, 1};
  const auto tracks = encode(source, specs, folder);
  EXPECT_EQ(tracks[0][0].frames, 25);
  EXPECT_EQ(tracks[0][1].frames, 25);
  EXPECT_EQ(tracks[0][0].duration, 90000);
}

TEST(EncodeChunk, MissingPicturesAreHeldAndSaid) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=160x96:r=25:d=2 -c:v libx264 -g 25", folder / "in.mp4");
  auto source = look_at(folder / "in.mp4");
  auto specs = cut(source, 50, 10, {rung("a", 160, 96)});
  // Segments inside the time of one picture: nothing can be the first of the second one.
  auto& spec = specs.front();
  spec.segment_starts = {source.times[0], source.times[10], source.times[10] + 3, source.times[20]};
  const auto tracks = encode(source, specs, folder);
  ASSERT_FALSE(tracks.empty());
  EXPECT_EQ(tracks[0][0].segments.size(), 4U);
  EXPECT_EQ(tracks[0][0].frames, 50);
}

TEST(EncodeChunk, NothingToDecodeIsAnError) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=160x96:r=25:d=1 -c:v libx264", folder / "in.mp4");
  const auto source = look_at(folder / "in.mp4");
  auto spec = cut(source, 100, 100, {rung("a", 160, 96)}).front();
  spec.start_ticks = spec.segment_starts[0] = source.end + 1000;
  spec.end_ticks = source.end + 2000;
  const auto out = new_file(folder / "out");
  const std::vector<RungOutput> outputs{{out.get()}};
  const auto chunks = encode_video_chunk(open_input(source.path).get(), spec, {}, outputs);
  ASSERT_FALSE(chunks.has_value());
  EXPECT_EQ(chunks.error().code, ErrorCode::invalid_input);
}

TEST(EncodeChunk, AFullOutputStopsEverything) {
  const TempFolder folder;
  compose(clip("-c:v libx264"), folder / "in.mp4");
  const auto source = look_at(folder / "in.mp4");
  const auto spec = cut(source, 100, 10, {rung("a", 320, 192), rung("b", 160, 96)}).front();
  const auto good = new_file(folder / "good");
  const auto full = open_for_read("/dev/full");  // read only: writing fails at once
  const std::vector<RungOutput> outputs{{full->get()}, {good.get()}};
  const auto chunks = encode_video_chunk(open_input(source.path).get(), spec, {}, outputs);
  EXPECT_FALSE(chunks.has_value());
}

TEST(Presets, NamesAndNumbers) {
  EXPECT_EQ(choose_video_encoder("h264", "medium", "", 1000)->crf, 23);
  EXPECT_EQ(choose_video_encoder("h264", "21.5", "veryfast", 1000)->crf, 21.5);
  EXPECT_EQ(choose_video_encoder("h264", "medium", "", 1000)->buffer_size, 2000);
  EXPECT_EQ(choose_video_encoder("h264", "99", "", 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(choose_video_encoder("h264", "good", "", 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(choose_video_encoder("h264", "medium", "warp", 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(choose_video_encoder("divx", "medium", "", 0).error().code, ErrorCode::invalid_argument);
}

TEST(EncodeChunk, RealFilesEncode) {
  for (const auto& path : real_files("valid")) {
    const auto source = look_at(path);
    if (source.times.empty()) continue;
    SCOPED_TRACE(path);
    const TempFolder folder;
    const auto specs =
        cut(source, 24, 12, {rung("a", even(source.width / 2), even(source.height / 2), "h264", "ultrafast")});
    auto few = specs;
    if (few.size() > 3) few.resize(3);
    auto shown = source;
    if (shown.times.size() > 72) shown.times.resize(72);
    encode(shown, few, folder);
    expect_right(folder / "a.mp4", shown, few);
  }
}

// An encoder of another build may write other bytes under the same libav: caches tell them apart.
TEST(LibraryBuilds, NameTheEncodersThatAreLoaded) {
  EXPECT_THAT(av::library_builds(), testing::ContainsRegex("avcodec [0-9a-f]{12}"));
  EXPECT_THAT(av::library_builds(), testing::ContainsRegex("x264 [0-9a-f]{12}"));
  EXPECT_EQ(av::library_builds(), av::library_builds());
}

}  // namespace
}  // namespace vf::media
