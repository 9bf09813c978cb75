// Tracks written in pieces and joined, as ffmpeg sees them: frames, exact times, pictures, index.
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
    {"h264_b_frames", "-f lavfi -i testsrc2=s=192x108:r=25:d=4 -c:v libx264 -preset fast -bf 3 -b_strategy 0 -g 25 -flags +cgop", "ts", 90000, "avc1.64"},
    {"h264_vfr", "-f lavfi -i testsrc2=s=128x96:r=30:d=4 -vf select='not(mod(n\\,3))+gt(mod(n\\,11)\\,6)' -fps_mode vfr -c:v libx264 -bf 2 -g 12 -flags +cgop", "mkv", 1000, "avc1."},
    {"h264_odd_aspect", "-f lavfi -i testsrc2=s=160x96:r=24:d=2 -vf setsar=4/3 -c:v libx264 -g 24", "ts", 24000, "avc1."},
    {"hevc", "-f lavfi -i testsrc2=s=192x112:r=25:d=2 -c:v libx265 -x265-params log-level=none:keyint=25:min-keyint=25:open-gop=0:bframes=3:pools=1", "ts", 90000, "hvc1.1.6.L"},
    {"vp9", "-f lavfi -i testsrc2=s=128x96:r=25:d=2 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25", "webm", 16000, "vp09.00."},
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
  const auto seeked = run(fmt::format("ffmpeg -v error -xerror -ss {} -i {} -frames:v 1 -f framehash -", middle, track.path));
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

INSTANTIATE_TEST_SUITE_P(Codecs, VideoTrack, ::testing::ValuesIn(kVideo), [](const auto& info) { return info.param.name; });

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
  const std::int64_t per_packet = std::string_view(c.name) == "aac" ? 1024 : std::string_view(c.name) == "opus" ? 960 : 1536;
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

INSTANTIATE_TEST_SUITE_P(Codecs, AudioTrack, ::testing::ValuesIn(kAudio), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace vf::media
