// Tracks written in pieces and joined, as ffmpeg sees them: frames, exact times, pictures, index.
#include <set>

#include <gmock/gmock.h>

#include "media/package/base64.h"
#include "media/package/language.h"
#include "media/package/parse.h"
#include "package_media.h"

namespace vf::media {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Case {
  const char* name;
  const char* arguments;  // of ffmpeg, without the output
  const char* extension;
  int timescale;
  const char* codecs;  // the codecs string begins so
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

constexpr Case kVideo[] = {
    {"h264_b_frames",
     "-f lavfi -i testsrc2=s=192x108:r=25:d=4 -c:v libx264 -preset fast -bf 3 -b_strategy 0 -g 25 -flags +cgop", "ts",
     90000, "avc1.64"},
    {"h264_vfr",
     "-f lavfi -i testsrc2=s=128x96:r=30:d=4 -vf select='not(mod(n\\,3))+gt(mod(n\\,11)\\,6)' -fps_mode vfr -c:v "
     "libx264 -bf 2 -g 12 -flags +cgop",
     "mkv", 1000, "avc1."},
    {"h264_odd_aspect", "-f lavfi -i testsrc2=s=160x96:r=24:d=2 -vf setsar=4/3 -c:v libx264 -g 24", "ts", 24000,
     "avc1."},
    {"hevc",
     "-f lavfi -i testsrc2=s=192x112:r=25:d=2 -c:v libx265 -x265-params "
     "log-level=none:keyint=25:min-keyint=25:open-gop=0:bframes=3:pools=1",
     "ts", 90000, "hvc1.1.6.L"},
    {"vp9", "-f lavfi -i testsrc2=s=128x96:r=25:d=2 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25", "webm",
     16000, "vp09.00."},
    {"av1", "-f lavfi -i testsrc2=s=128x96:r=25:d=2 -c:v libsvtav1 -preset 12 -g 25", "mkv", 16000, "av01.0."},
};

class VideoTrack : public ::testing::TestWithParam<Case> {};

TEST_P(VideoTrack, JoinedChunksPlayExactly) {
  const auto& c = GetParam();
  TempDir dir;
  const auto source = dir / (std::string("source.") + c.extension);
  ASSERT_NO_FATAL_FAILURE(make_clip(c.arguments, source));
  const auto clip = load_clip(source, c.timescale, {.frame_rate = {25, 1}});
  ASSERT_FALSE(clip.samples.empty());
  EXPECT_THAT(clip.format.codecs, StartsWith(c.codecs));
  const auto cut = middle_key(clip);
  ASSERT_TRUE(clip.samples[cut].key);
  auto track = write_track(dir, clip, {cut}, 0, "track");
  ASSERT_EQ(track.chunks.size(), 2u);

  // Chunks meet: no gap, no overlap.
  EXPECT_EQ(track.chunks[0].start, 0);
  EXPECT_EQ(track.chunks[0].start + track.chunks[0].duration, track.chunks[1].start);
  EXPECT_EQ(track.chunks[0].frames + track.chunks[1].frames, std::ssize(clip.samples));

  // Packets come out in the same order with the same presentation times and key flags.
  const auto packets = probe_packets(track.path);
  ASSERT_EQ(packets.size(), clip.samples.size());
  std::int64_t last_dts = INT64_MIN;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].pts, clip.samples[i].pts) << "packet " << i;
    EXPECT_EQ(packets[i].key, clip.samples[i].key) << "packet " << i;
    EXPECT_GT(packets[i].dts, last_dts);
    EXPECT_LE(packets[i].dts, packets[i].pts);
    last_dts = packets[i].dts;
  }

  // The pictures are those of the source, and nothing is complained about.
  EXPECT_EQ(decode_hashes(track.path), decode_hashes(source));

  // A player that seeks lands on a segment.
  const auto middle = static_cast<double>(track.chunks[1].start) / c.timescale;
  const auto seeked =
      run(fmt::format("ffmpeg -v error -xerror -ss {} -i {} -frames:v 1 -f framehash -", middle, track.path));
  EXPECT_EQ(seeked.status, 0) << seeked.output;
}

TEST_P(VideoTrack, WritesTheSameBytesAgain) {
  const auto& c = GetParam();
  TempDir dir;
  const auto source = dir / (std::string("source.") + c.extension);
  ASSERT_NO_FATAL_FAILURE(make_clip(c.arguments, source));
  const auto clip = load_clip(source, c.timescale);
  const auto a = write_track(dir, clip, {middle_key(clip)}, 0, "a");
  const auto b = write_track(dir, clip, {middle_key(clip)}, 0, "b");
  EXPECT_EQ(slurp(a.path), slurp(b.path));
}

INSTANTIATE_TEST_SUITE_P(Codecs, VideoTrack, ::testing::ValuesIn(kVideo),
                         [](const auto& info) { return info.param.name; });

constexpr Case kAudio[] = {
    {"aac", "-f lavfi -i sine=f=440:r=48000:d=5 -c:a aac -b:a 96k -ac 2", "mkv", 48000, "mp4a.40.2"},
    {"opus", "-f lavfi -i sine=f=440:r=48000:d=5 -c:a libopus -b:a 64k -ac 2", "mkv", 48000, "opus"},
    {"ac3", "-f lavfi -i sine=f=440:r=48000:d=5 -c:a ac3 -ac 6", "mkv", 48000, "ac-3"},
    {"eac3", "-f lavfi -i sine=f=440:r=48000:d=5 -c:a eac3 -ac 2", "mkv", 48000, "ec-3"},
};

// Packet times in Matroska are rounded to milliseconds; a real encoder gives exact ones.
void count_samples(Clip& clip, std::int64_t per_packet) {
  for (std::size_t i = 0; i < clip.samples.size(); ++i) {
    clip.samples[i].pts = static_cast<std::int64_t>(i) * per_packet;
    clip.samples[i].duration = per_packet;
    clip.samples[i].key = true;
  }
}

class AudioTrack : public ::testing::TestWithParam<Case> {};

TEST_P(AudioTrack, JoinedChunksPlayExactly) {
  const auto& c = GetParam();
  TempDir dir;
  const auto source = dir / (std::string("source.") + c.extension);
  ASSERT_NO_FATAL_FAILURE(make_clip(c.arguments, source));
  auto clip = load_clip(source, c.timescale);
  EXPECT_EQ(clip.format.codecs, c.codecs);
  const std::int64_t per_packet = std::string_view(c.name) == "aac"    ? 1024
                                  : std::string_view(c.name) == "opus" ? 960
                                                                       : 1536;
  count_samples(clip, per_packet);
  const std::int64_t priming = std::string_view(c.name) == "opus" ? 312 : 1024;
  const auto track = write_track(dir, clip, {94}, 94, "track", priming, {.language = "eng", .title = "Main"});
  const auto packets = probe_packets(track.path);
  ASSERT_EQ(packets.size(), clip.samples.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    ASSERT_EQ(packets[i].pts, clip.samples[i].pts - priming) << "packet " << i;
    if (packets[i].duration >= 0) ASSERT_EQ(packets[i].duration, per_packet);
  }
  EXPECT_FALSE(decode_hashes(track.path).empty());
  const auto tags = run("ffprobe -v error -show_entries stream_tags=language -of csv=p=0 " + track.path);
  EXPECT_THAT(tags.output, HasSubstr("eng"));
  // Constant durations and flags cost nothing: 4 bytes a sample beside the media.
  const auto& segment = track.chunks[0].segments[0];
  EXPECT_LE(segment.size - segment.media_bytes, 110 + 4 * segment.frames);
}

INSTANTIATE_TEST_SUITE_P(Codecs, AudioTrack, ::testing::ValuesIn(kAudio),
                         [](const auto& info) { return info.param.name; });

// ---- what the writer refuses

struct Writer {
  TempDir dir;
  UniqueFd fd = std::move(*create_new(dir / "chunk"));
  TrackFormat format{.codec = "h264", .timescale = 1000, .frame_rate = {25, 1}};
  std::vector<std::uint8_t> data = std::vector<std::uint8_t>(10, 1);
  FragmentWriter writer = std::move(*FragmentWriter::create(fd.get(), format, 1));
  bool add(std::int64_t pts, bool key, std::int64_t duration = 40) {
    return writer.add({pts, duration, key, data}).has_value();
  }
};

TEST(FragmentWriter, RefusesOpenGroups) {
  Writer w;
  EXPECT_FALSE(w.add(0, false)) << "a segment begins with a key sample";
  EXPECT_TRUE(w.add(40, true));
  EXPECT_FALSE(w.add(0, false)) << "shown before the key sample it follows";
}

TEST(FragmentWriter, RefusesTimesThatDoNotFit) {
  Writer w;
  EXPECT_FALSE(w.add(-40, true));
  EXPECT_FALSE(w.add(0, true, 0));
  EXPECT_TRUE(w.add(0, true));
  EXPECT_TRUE(w.add(80, false));
  EXPECT_TRUE(w.add(80, false));
  EXPECT_FALSE(w.writer.finish()) << "two pictures at one time";
  Writer late;
  EXPECT_TRUE(late.add(0, true));
  EXPECT_TRUE(late.add(120, false));
  EXPECT_TRUE(late.writer.end_segment());
  EXPECT_FALSE(late.add(80, true)) << "the next segment begins inside this one";
}

TEST(FragmentWriter, SaysNothingOfAnEmptyChunk) {
  Writer w;
  EXPECT_TRUE(w.writer.end_segment());
  EXPECT_FALSE(w.writer.finish());
}

// Pauses of seconds among B-frames: no sample is decoded after it is shown, times stay exact.
TEST(FragmentWriter, PausesAmongReorderedPicturesStayExact) {
  Writer w;
  const std::vector<std::int64_t> shown = {0, 9000, 3000, 2999, 8999, 9500, 9400};
  for (std::size_t i = 0; i < shown.size(); ++i) ASSERT_TRUE(w.add(shown[i], i == 0));
  const auto chunk = w.writer.finish();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->duration, 9540);
  EXPECT_EQ(chunk->second_bytes, (std::vector<std::int64_t>{10, 0, 10, 10, 0, 0, 0, 0, 10, 30}));
  const auto bytes = slurp(w.dir / "chunk");
  const auto fragment = parse_fragment(as_bytes(bytes));
  ASSERT_TRUE(fragment);
  auto decode = static_cast<std::int64_t>(fragment->decode_time);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto& sample = fragment->samples[i];
    EXPECT_GE(sample.offset, 0) << i;
    EXPECT_GT(sample.duration, 0u) << i;
    EXPECT_EQ(decode + sample.offset - reorder_delay(w.format), shown[i]) << i;
    decode += sample.duration;
  }
  EXPECT_EQ(decode, 9540);
}

TEST(Header, RefusesChunksThatDoNotJoin) {
  Writer w;
  ASSERT_TRUE(w.add(0, true));
  auto chunk = *w.writer.finish();
  auto next = chunk;
  next.start += 80;
  for (auto& s : next.segments) s.start += 80;
  EXPECT_FALSE(build_header(w.format, std::vector{chunk, next}));
  next.start -= 40;
  for (auto& s : next.segments) s.start -= 40;
  EXPECT_TRUE(build_header(w.format, std::vector{chunk, next}));
  next.format.width = 1;
  EXPECT_FALSE(build_header(w.format, std::vector{chunk, next}));
}

TEST(SampleEntry, CarriesHdrAndAspect) {
  TempDir dir;
  const auto source = dir / "hdr.mkv";
  ASSERT_NO_FATAL_FAILURE(
      make_clip("-f lavfi -i testsrc2=s=128x96:r=25:d=1 -pix_fmt yuv420p10le -vf setsar=4/3 -c:v libx265 "
                "-color_primaries bt2020 -color_trc "
                "smpte2084 -colorspace bt2020nc -x265-params log-level=none:pools=1",
                source));
  HdrMetadata hdr;
  hdr.display_primaries = {0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329};
  hdr.min_luminance = 0.005;
  hdr.max_luminance = 1000;
  hdr.max_cll = 900;
  hdr.max_fall = 300;
  const auto clip = load_clip(source, 1000, {.frame_rate = {25, 1}, .mastering = hdr});
  EXPECT_EQ(clip.format.video_range, "PQ");
  EXPECT_THAT(clip.format.codecs, StartsWith("hvc1.2.4.L"));
  const auto track = write_track(dir, clip, {}, 0, "track");
  const auto probed = run("ffprobe -v error -show_streams -show_frames -read_intervals %+#1 " + track.path);
  for (const char* const line : {"color_transfer=smpte2084", "color_primaries=bt2020", "sample_aspect_ratio=4:3",
                                 "red_x=35400/50000", "max_luminance=10000000/10000", "max_content=900"}) {
    EXPECT_THAT(probed.output, HasSubstr(line));
  }
}

TEST(AnnexB, KeepsPicturesAndDropsTheRest) {
  const std::vector<std::uint8_t> stream = {0, 0,    0,    1, 0x09, 0xf0, 0, 0, 1,    0x67, 1,    2,   0,
                                            0, 1,    0x68, 3, 0,    0,    0, 1, 0x06, 5,    0x80, 0,   0,
                                            1, 0x65, 7,    8, 9,    0,    0, 0, 0,    1,    0x0c, 0xff};
  std::vector<std::uint8_t> out;
  ASSERT_TRUE(annexb_to_lengths(NalCodec::h264, stream, out));
  EXPECT_EQ(out, (std::vector<std::uint8_t>{0, 0, 0, 3, 0x06, 5, 0x80, 0, 0, 0, 4, 0x65, 7, 8, 9}));
  ASSERT_TRUE(annexb_to_lengths(NalCodec::h264, stream, out, {.drop_parameter_sets = false}));
  EXPECT_EQ(out.size(), 7u + 8u + 7u + 6u);
  EXPECT_FALSE(annexb_to_lengths(NalCodec::h264, std::span(stream).first(6), out));
  EXPECT_FALSE(annexb_to_lengths(NalCodec::h264, {}, out));
}

// ---- real files

bool is_written(AVCodecID id) {
  return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_AV1 ||
         id == AV_CODEC_ID_AAC;
}

// Packets of the stream that CMAF could carry as they are: closed groups, times given and distinct.
// Decoding the copy gives what decoding the packets gave.
void copy_stream(const std::string& path, const av::Input& input, int index, int& copied) {
  const auto* parameters = input.stream(index)->codecpar;
  // ADTS frames have their parameters in every packet: nothing to make a header of.
  if (parameters->codec_id == AV_CODEC_ID_AAC && parameters->extradata_size == 0) return;
  TempDir dir;
  const auto clip = load_clip(path, 90'000, {}, index);
  std::int64_t group = INT64_MIN;
  std::set<std::int64_t> times;
  for (const auto& s : clip.samples) {
    if (s.key) group = s.pts;
    if (s.pts < group || !times.insert(s.pts).second) return;
  }
  if (!clip.samples.front().key) return;
  const auto track = write_track(dir, clip, {}, parameters->codec_type == AVMEDIA_TYPE_AUDIO ? 90 : 0, "copy");
  const auto packets = probe_packets(track.path);
  ASSERT_EQ(packets.size(), clip.samples.size());
  for (std::size_t i = 0; i < packets.size(); ++i) ASSERT_EQ(packets[i].pts, clip.samples[i].pts) << i;
  EXPECT_EQ(run("ffmpeg -v error -i '" + track.path + "' -frames 30 -f null - | grep -v 'Application provided'").output,
            "");
  ++copied;
}

TEST(RealFiles, AreCopiedExactly) {
  const char* folder = std::getenv("VIDEOFORGE_MEDIA_DIR");
  if (!folder) GTEST_SKIP() << "VIDEOFORGE_MEDIA_DIR is not set";
  int copied = 0;
  for (const char* const part : {"valid", "footage"}) {
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(folder) / part)) {
      if (file.file_size() > 20'000'000) continue;
      SCOPED_TRACE(file.path().string());
      const auto fd = open_for_read(file.path());
      const auto input = av::Input::open(fd->get());
      if (!input) continue;
      for (unsigned i = 0; i < input->get()->nb_streams; ++i) {
        if (is_written(input->stream(static_cast<int>(i))->codecpar->codec_id)) {
          copy_stream(file.path().string(), *input, static_cast<int>(i), copied);
        }
      }
    }
  }
  EXPECT_GT(copied, 5);
}

}  // namespace
}  // namespace vf::media
