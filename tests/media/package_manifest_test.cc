// Streaming sets as players and people see them: ffmpeg plays the playlists, names survive, indexes
// point at fragments, growing sets read well.
#include <cmath>

#include <gmock/gmock.h>

#include "media/package/base64.h"
#include "media/package/language.h"
#include "media/package/parse.h"
#include "media/package/playlists.h"
#include "package_media.h"

namespace vf::media {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNasty = "Tom & \"Jerry\" <script>alert('x')</script>\r\n#EXT-X-ENDLIST\t\xff\xc3\xa9";

struct Set {
  TempDir dir;
  Presentation presentation;
  std::size_t video_frames = 0;
};

PresentationTrack describe(const Track& track, const std::string& name, const std::string& file) {
  PresentationTrack out{.name = name, .file = file, .format = track.chunks[0].format, .layout = track.header.layout};
  out.bit_rates = measure_bit_rates(out.layout, out.format.timescale);
  return out;
}

// Two video tracks, two audio tracks and subtitles in one folder, with their manifests.
void make_set(Set& set) {
  for (const int height : {144, 96}) {
    const auto source = set.dir / fmt::format("v{}.ts", height);
    ASSERT_NO_FATAL_FAILURE(make_clip(fmt::format("-f lavfi -i testsrc2=s={}x{}:r=25:d=6 -c:v libx264 -bf 2 -g 50 "
                                                  "-keyint_min 50 -sc_threshold 0 -flags +cgop",
                                                  height * 4 / 3, height),
                                      source));
    auto clip = load_clip(source, 25'000, {.frame_rate = {25, 1}});
    for (auto& s : clip.samples) s.duration = 1000;
    const auto name = fmt::format("{}p", height);
    const auto track = write_track(set.dir, clip, {50}, 0, "video_" + name);
    set.presentation.video.push_back(describe(track, name, "video_" + name + ".mp4"));
    set.video_frames = clip.samples.size();
  }
  for (const char* const language : {"eng", "fr"}) {
    const auto source = set.dir / fmt::format("a{}.mkv", language);
    ASSERT_NO_FATAL_FAILURE(make_clip("-f lavfi -i sine=f=500:r=48000:d=6 -c:a aac -b:a 64k -ac 2", source));
    auto clip = load_clip(source, 48'000);
    for (std::size_t i = 0; i < clip.samples.size(); ++i) {
      clip.samples[i].pts = static_cast<std::int64_t>(i) * 1024;
      clip.samples[i].duration = 1024;
    }
    const auto track =
        write_track(set.dir, clip, {}, 94, fmt::format("audio_{}", language), 1024, {.language = language});
    auto described = describe(track, language, fmt::format("audio_{}.mp4", language));
    described.language = language;
    described.title = kNasty;
    set.presentation.audio.push_back(described);
  }
  write_text(set.dir / "sub_en.vtt", "WEBVTT\n\n00:00.500 --> 00:02.000\nHello\n");
  set.presentation.subtitles.push_back({"en", "sub_en.vtt", "en", kNasty, true, false});
  set.presentation.duration_seconds = 6;
  for (const auto& file : manifest_files(set.presentation)) write_text(set.dir / file.name, file.text);
}

std::size_t count_frames(const std::string& path, const std::string& map) {
  const auto counted =
      run(fmt::format("ffmpeg -v error -xerror -allowed_extensions ALL -i '{}' -map {} -fps_mode passthrough -f "
                      "framehash - | grep -vc '^#'",
                      path, map));
  return std::strtoull(counted.output.c_str(), nullptr, 10);
}

TEST(Manifests, FfmpegPlaysEveryVariantOfTheMasterPlaylist) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  const auto master = set.dir / "master.m3u8";
  EXPECT_EQ(count_frames(master, "0:v:0"), set.video_frames);
  EXPECT_EQ(count_frames(master, "0:v:1"), set.video_frames);
  EXPECT_GT(count_frames(master, "0:a:0"), 280u);
  const auto start =
      run("ffprobe -v error -allowed_extensions ALL -select_streams v:0 -show_entries packet=pts_time -of csv=p=0 '" +
          master + "' | head -1");
  EXPECT_NEAR(std::strtod(start.output.c_str(), nullptr), 0.0, 0.001) << start.output;
}

TEST(Manifests, FfmpegPlaysTheDashManifest) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  if (run("ffmpeg -v error -hide_banner -demuxers | grep -w dash").output.empty())
    GTEST_SKIP() << "this ffmpeg reads no DASH";
  const auto manifest = set.dir / "manifest.mpd";
  EXPECT_EQ(run("python3 -c \"import sys,xml.dom.minidom as m; m.parse(sys.argv[1])\" '" + manifest + "'").output, "");
  const auto probed =
      run("ffprobe -v error -allowed_extensions ALL -show_entries stream=codec_name,width:stream_tags=language -of "
          "csv=p=0 '" +
          manifest + "'");
  EXPECT_THAT(probed.output, HasSubstr("h264,192")) << probed.output;
  EXPECT_EQ(count_frames(manifest, "0:v:0"), set.video_frames);
}

TEST(Manifests, IndexEntriesPointAtFragments) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  for (const auto* tracks : {&set.presentation.video, &set.presentation.audio}) {
    for (const auto& track : *tracks) {
      const auto file = slurp(set.dir / track.file);
      const auto& layout = track.layout;
      ASSERT_EQ(static_cast<std::int64_t>(file.size()), layout.size);
      const auto index = parse_index(as_bytes(file).subspan(static_cast<std::size_t>(layout.index_offset),
                                                            static_cast<std::size_t>(layout.index_size)),
                                     static_cast<std::uint64_t>(layout.index_offset));
      ASSERT_TRUE(index);
      ASSERT_EQ(index->entries.size(), layout.segments.size());
      std::uint64_t shown = 0;
      for (std::size_t i = 0; i < index->entries.size(); ++i) {
        const auto& entry = index->entries[i];
        const auto fragment = parse_fragment(as_bytes(file).subspan(entry.offset, entry.size));
        ASSERT_TRUE(fragment) << fragment.error().detail;
        EXPECT_EQ(fragment->sequence_number, i + 1);
        EXPECT_TRUE(fragment->samples.front().key());
        EXPECT_EQ(entry.start, shown);
        shown += entry.duration;
      }
      EXPECT_NEAR(static_cast<double>(shown) / index->timescale, 6.0, 0.05);
    }
  }
}

TEST(Manifests, SayTheMeasuredRates) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  const auto& p = set.presentation;
  // By hand: the peak window of 2 s segments is one segment, or three of them never (1.5 target durations).
  std::int64_t highest = 0;
  for (const auto& s : p.video[0].layout.segments) highest = std::max(highest, s.size * 8 / 2);
  EXPECT_EQ(p.video[0].bit_rates.peak, highest);
  EXPECT_LT(p.video[0].bit_rates.mean, p.video[0].bit_rates.peak);
  const auto master = master_playlist(p);
  EXPECT_THAT(master,
              HasSubstr(fmt::format("BANDWIDTH={},", p.video[0].bit_rates.peak + std::max(p.audio[0].bit_rates.peak,
                                                                                          p.audio[1].bit_rates.peak))));
  EXPECT_THAT(
      master,
      HasSubstr("RESOLUTION=192x144,FRAME-RATE=25.000,VIDEO-RANGE=SDR,AUDIO=\"audio-aac-2\",SUBTITLES=\"subtitles\""));
}

// Every line of a playlist is a tag or a URI, attribute lists keep their quotes.
TEST(Manifests, NastyTitlesStayText) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  const auto master = master_playlist(set.presentation);
  EXPECT_THAT(master, Not(HasSubstr("\n#EXT-X-ENDLIST")));
  EXPECT_THAT(master, HasSubstr("NAME=\"Tom & 'Jerry' <script>"));
  EXPECT_THAT(master, HasSubstr("LANGUAGE=\"en\""));
  set.presentation.video[0].file = "my video\".mp4";
  EXPECT_THAT(master_playlist(set.presentation), HasSubstr("my%20video%22.m3u8"));
  std::istringstream lines(master);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '"') % 2, 0) << line;
    if (line.starts_with("#EXT-X-MEDIA:")) {
      const auto at = line.find("NAME=");
      EXPECT_TRUE(names.insert(line.substr(0, 24) + line.substr(at, line.find('"', at + 6) - at)).second) << line;
    }
  }
  const auto mpd = dash_manifest(set.presentation);
  EXPECT_THAT(mpd, Not(HasSubstr("<script>")));
  write_text(set.dir / "nasty.mpd", mpd);
  EXPECT_EQ(
      run("python3 -c \"import sys,xml.dom.minidom as m; m.parse(sys.argv[1])\" " + (set.dir / "nasty.mpd")).output,
      "");
}

TEST(Manifests, AreTheSameTextForTheSamePresentation) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  for (auto& track : set.presentation.audio) track.title = "Fran\u00e7ais \"original\"";  // JSON holds only UTF-8
  set.presentation.subtitles[0].title.clear();
  const auto again = from_json_text<Presentation>(dump(to_json(set.presentation)));
  ASSERT_TRUE(again) << again.error().message;
  const auto a = manifest_files(set.presentation);
  const auto b = manifest_files(*again);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].text, b[i].text);
}

TEST(Manifests, AudioAloneHasVariants) {
  Set set;
  ASSERT_NO_FATAL_FAILURE(make_set(set));
  set.presentation.video.clear();
  write_text(set.dir / "master.m3u8", master_playlist(set.presentation));
  EXPECT_GT(count_frames(set.dir / "master.m3u8", "0:a:0"), 280u);
}

TEST(Manifests, GrowingTracksKeepTheirByteRanges) {
  TempDir dir;
  const auto source = dir / "v.ts";
  ASSERT_NO_FATAL_FAILURE(
      make_clip("-f lavfi -i testsrc2=s=128x96:r=25:d=4 -c:v libx264 -bf 2 -g 25 -flags +cgop", source));
  const auto clip = load_clip(source, 90'000, {.frame_rate = {25, 1}});
  const auto track = write_track(dir, clip, {middle_key(clip)}, 0, "whole");
  const auto planned = static_cast<int>(track.header.layout.segments.size());
  const auto growing = build_header(clip.format, std::span(track.chunks).first(1),
                                    {.planned_segments = planned, .planned_duration = 360'000});
  ASSERT_TRUE(growing);
  ASSERT_EQ(growing->bytes.size(), track.header.bytes.size());
  for (std::size_t i = 0; i < growing->layout.segments.size(); ++i) {
    EXPECT_EQ(growing->layout.segments[i].offset, track.header.layout.segments[i].offset);
  }
  write_text(dir / "part.mp4", growing->bytes + track.blobs[0]);
  EXPECT_EQ(probe_packets(dir / "part.mp4").size(), static_cast<std::size_t>(track.chunks[0].frames));

  Presentation p;
  p.finished = false;
  p.availability_start = "2026-01-01T00:00:00Z";
  p.target_duration_seconds = 2;
  p.video.push_back({.name = "96p", .file = "part.mp4", .format = clip.format, .layout = growing->layout});
  const auto playlist = media_playlist(p, p.video[0]);
  EXPECT_THAT(playlist, HasSubstr("#EXT-X-PLAYLIST-TYPE:EVENT"));
  EXPECT_THAT(playlist, HasSubstr("#EXT-X-START:"));
  EXPECT_THAT(playlist, Not(HasSubstr("ENDLIST")));
  const auto mpd = dash_manifest(p);
  EXPECT_THAT(mpd, HasSubstr("type=\"dynamic\""));
  write_text(dir / "m.mpd", mpd);
  EXPECT_EQ(run("python3 -c \"import sys,xml.dom.minidom as m; m.parse(sys.argv[1])\" " + (dir / "m.mpd")).output, "");
  EXPECT_THAT(mpd, HasSubstr("<SegmentURL mediaRange="));

  // All is there: the same list, and an end, for those who followed.
  p.complete = true;
  p.follow_manifest = "later.mpd";
  EXPECT_THAT(media_playlist(p, p.video[0]), HasSubstr("#EXT-X-ENDLIST"));
  const auto files = manifest_files(p);
  EXPECT_EQ(files.back().name, "later.mpd");
  EXPECT_THAT(files.back().text, HasSubstr("type=\"static\""));
  EXPECT_THAT(files.back().text, HasSubstr("<SegmentURL mediaRange="));
}

TEST(Languages, AreNamedAsManifestsWant) {
  EXPECT_EQ(bcp47_language("eng"), "en");
  EXPECT_EQ(bcp47_language("ger"), "de");
  EXPECT_EQ(bcp47_language("deu"), "de");
  EXPECT_EQ(bcp47_language("rus"), "ru");
  EXPECT_EQ(bcp47_language("kat"), "ka");
  EXPECT_EQ(bcp47_language("pt_br"), "pt-BR");
  EXPECT_EQ(bcp47_language("gsw"), "gsw");
  EXPECT_EQ(bcp47_language(""), "und");
  EXPECT_EQ(bcp47_language("\"><"), "und");
  EXPECT_EQ(iso639_2_language("fr-CA"), "fra");
  EXPECT_EQ(iso639_2_language("zu"), "zul");
  EXPECT_EQ(iso639_2_language("xx"), "und");
}

TEST(Base64, IsStrict) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(*base64_decode(base64_encode(text)), text);
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_FALSE(base64_decode("Zm9"));
  EXPECT_FALSE(base64_decode("Zm9*"));
  EXPECT_FALSE(hex_decode("abc"));
}

}  // namespace
}  // namespace vf::media
