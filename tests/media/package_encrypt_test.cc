// Encrypted tracks: ffmpeg decrypts them with the key and gets the same pictures and sound; without
// the key nothing of the slices is left.
#include <gmock/gmock.h>

#include "media/package/base64.h"
#include "media/package/encrypt.h"
#include "media/package/parse.h"
#include "media/package/playlists.h"
#include "media/package/slice_header.h"
#include "package_media.h"

namespace vf::media {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const Encryption kCbcs{EncryptionScheme::cbcs, "000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
                       "101112131415161718191a1b1c1d1e1f"};

Track encrypt(const TempDir& dir, const Track& clear, const Encryption& encryption, const std::string& name) {
  Track out;
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < clear.chunks.size(); ++i) {
    write_text(dir / (name + ".clear"), clear.blobs[i]);
    const auto in = open_for_read(dir / (name + ".clear"));
    const auto path = dir / fmt::format("{}.encrypted{}", name, i);
    const auto to = create_new(path);
    auto chunk = encrypt_chunk(in->get(), clear.chunks[i], encryption, first, to->get());
    if (!chunk) {
      ADD_FAILURE() << chunk.error().message << " " << chunk.error().detail;
      return out;
    }
    first += chunk->segments.size();
    out.chunks.push_back(std::move(*chunk));
    out.blobs.push_back(slurp(path));
  }
  const bool cbcs = encryption.scheme == EncryptionScheme::cbcs;
  auto header =
      build_header(out.chunks[0].format, out.chunks, {.key_id = cbcs ? encryption.key_id : "", .index = cbcs});
  EXPECT_TRUE(header);
  out.header = std::move(*header);
  write_joined(out, dir / (name + ".mp4"));
  return out;
}

struct Case {
  const char* name;
  const char* arguments;
  const char* extension;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

constexpr Case kCases[] = {
    {"h264", "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -c:v libx264 -bf 3 -refs 4 -g 25 -flags +cgop", "ts"},
    {"h264_weighted_multislice",
     "-f lavfi -i testsrc2=s=320x180:r=25:d=3,fade=in:0:50 -c:v libx264 -slices 4 -weightp 2 -g 50 -flags +cgop", "ts"},
    {"h264_baseline_cavlc", "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -c:v libx264 -profile:v baseline -g 25", "ts"},
    {"h264_interlaced", "-f lavfi -i testsrc2=s=320x192:r=25:d=2 -c:v libx264 -flags +ilme+ildct -x264opts tff=1 -g 25",
     "ts"},
    {"hevc",
     "-f lavfi -i testsrc2=s=320x180:r=25:d=3,fade=in:0:50 -c:v libx265 -x265-params "
     "log-level=none:keyint=25:open-gop=0:bframes=4:weightb=1:pools=1",
     "ts"},
    {"hevc_wpp_slices",
     "-f lavfi -i testsrc2=s=320x256:r=25:d=2 -c:v libx265 -x265-params "
     "log-level=none:keyint=25:open-gop=0:slices=2:wpp=1:ctu=16:pools=2",
     "ts"},
};

class Cbcs : public ::testing::TestWithParam<Case> {};

TEST_P(Cbcs, DecryptsToTheSamePictures) {
  const auto& c = GetParam();
  TempDir dir;
  const auto source = dir / (std::string("source.") + c.extension);
  ASSERT_NO_FATAL_FAILURE(make_clip(c.arguments, source));
  const auto clip = load_clip(source, 90'000, {.frame_rate = {25, 1}});
  const auto clear = write_track(dir, clip, {middle_key(clip)}, 0, "clear");
  const auto encrypted = encrypt(dir, clear, kCbcs, "encrypted");
  ASSERT_EQ(encrypted.chunks.size(), 2u);
  const auto wanted = decode_hashes(clear.path);
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(decode_hashes(encrypted.path, "-decryption_key " + kCbcs.key), wanted);
  // Without the key it is not the same.
  EXPECT_NE(
      run("ffmpeg -v quiet -i " + encrypted.path + " -f framehash -hash md5 - | grep -v '^#' | awk -F, '{print $NF}'")
          .output,
      wanted);
  EXPECT_EQ(encrypted.chunks[0].format.codecs, clip.format.codecs);
  EXPECT_THAT(encrypted.header.bytes, HasSubstr("pssh"));
}

// Decoders read slice headers before decryption: every NAL unit parses as it did.
TEST_P(Cbcs, LeavesHeadersInTheClear) {
  const auto& c = GetParam();
  TempDir dir;
  const auto source = dir / (std::string("source.") + c.extension);
  ASSERT_NO_FATAL_FAILURE(make_clip(c.arguments, source));
  const auto clip = load_clip(source, 90'000);
  const auto clear = write_track(dir, clip, {}, 0, "clear");
  const auto encrypted = encrypt(dir, clear, kCbcs, "encrypted");
  ASSERT_EQ(encrypted.chunks.size(), 1u);
  std::size_t slices = 0;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < clear.chunks[0].segments.size(); ++i) {
    const auto part = [&](const Track& t) {
      const auto& s = t.chunks[0].segments[i];
      return as_bytes(t.blobs[0]).subspan(static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size));
    };
    const auto a = parse_fragment(part(clear));
    const auto b = parse_fragment(part(encrypted));
    ASSERT_TRUE(a && b);
    ASSERT_EQ(a->samples.size(), b->samples.size());
    auto from = a->data_offset;
    auto to = b->data_offset;
    for (const auto& sample : a->samples) {
      for (std::size_t at = 0; at < sample.size;) {
        ByteReader r(part(clear).subspan(from + at));
        const auto size = r.u32();
        const auto x = part(clear).subspan(from + at, size + 4);
        const auto y = part(encrypted).subspan(to + at, size + 4);
        ASSERT_TRUE(std::equal(x.begin(), x.begin() + 6, y.begin()));
        slices += 1;
        changed += std::equal(x.begin(), x.end(), y.begin()) ? 0 : 1;
        at += size + 4;
      }
      from += sample.size;
      to += sample.size;
    }
  }
  EXPECT_GT(slices, clip.samples.size() / 2);
  EXPECT_GT(changed * 3, slices);
}

INSTANTIATE_TEST_SUITE_P(Codecs, Cbcs, ::testing::ValuesIn(kCases), [](const auto& info) { return info.param.name; });

Clip make_sound(const TempDir& dir) {
  const auto source = dir / "a.mkv";
  make_clip("-f lavfi -i sine=f=500:r=48000:d=4 -c:a aac -b:a 64k -ac 2", source);
  auto clip = load_clip(source, 48'000);
  for (std::size_t i = 0; i < clip.samples.size(); ++i) {
    clip.samples[i].pts = static_cast<std::int64_t>(i) * 1024;
    clip.samples[i].duration = 1024;
  }
  return clip;
}

TEST(Encrypt, CbcsSoundDecrypts) {
  TempDir dir;
  const auto clip = make_sound(dir);
  const auto clear = write_track(dir, clip, {}, 94, "clear", 1024);
  const auto encrypted = encrypt(dir, clear, kCbcs, "encrypted");
  EXPECT_EQ(decode_hashes(encrypted.path, "-decryption_key " + kCbcs.key), decode_hashes(clear.path));
  EXPECT_EQ(encrypted.chunks[0].format.codecs, "mp4a.40.2");
}

// ffmpeg asks for a key file with the byte range of the segment, which no server can answer.
std::string key_uri(const std::string& key) {
  return "data:application/octet-stream;base64," + base64_encode(*hex_decode(key));
}

TEST(Encrypt, Aes128PlaysThroughHls) {
  TempDir dir;
  const auto source = dir / "v.ts";
  ASSERT_NO_FATAL_FAILURE(make_clip("-f lavfi -i testsrc2=s=128x96:r=25:d=4 -c:v libx264 -g 25 -flags +cgop", source));
  const auto clip = load_clip(source, 90'000, {.frame_rate = {25, 1}});
  const auto clear = write_track(dir, clip, {middle_key(clip)}, 0, "clear");
  // The IVs wrap around in their last bytes.
  const Encryption aes{EncryptionScheme::aes128, kCbcs.key, "", "000000000000000000000000ffffffff"};
  const auto encrypted = encrypt(dir, clear, aes, "encrypted");
  Presentation p;
  p.duration_seconds = 4;
  p.encryption = PresentationEncryption{EncryptionScheme::aes128, "", aes.iv, key_uri(aes.key), ""};
  p.video.push_back({.name = "96p", .file = "encrypted.mp4", .format = clip.format, .layout = encrypted.header.layout});
  // Over HTTP: from a folder ffmpeg decrypts the file from its beginning instead of the byte range.
  const RangeServer server(dir);
  const auto play = [&] {
    for (const auto& file : manifest_files(p)) write_text(dir / file.name, file.text);
    return run("ffmpeg -v quiet -allowed_extensions ALL -i " + server.url("master.m3u8") +
               " -fps_mode passthrough -f framehash -hash md5 - | grep -v '^#' | awk -F, '{print $NF}'")
        .output;
  };
  EXPECT_EQ(play(), decode_hashes(clear.path));
  EXPECT_EQ(dash_manifest(p), "");
  p.encryption->key_uri = key_uri(std::string(32, '1'));
  EXPECT_EQ(play(), "");
}

TEST(Encrypt, SaysWhatItCannotDo) {
  TrackFormat av1;
  av1.codec = "av1";
  const auto refused = encrypted_format(av1, kCbcs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported_input);
  EXPECT_EQ(segment_iv("000000000000000000000000ffffffff", 1), "00000000000000000000000100000000");
}

// Whatever stands in a chunk ends with an error, never with a crash.
TEST(Encrypt, SurvivesDamage) {
  TempDir dir;
  const auto source = dir / "v.ts";
  ASSERT_NO_FATAL_FAILURE(make_clip("-f lavfi -i testsrc2=s=128x96:r=25:d=1 -c:v libx264 -g 25 -flags +cgop", source));
  const auto clip = load_clip(source, 90'000);
  const auto clear = write_track(dir, clip, {}, 0, "clear");
  std::uint32_t random = 1;
  for (int round = 0; round < 300; ++round) {
    auto blob = clear.blobs[0];
    for (int k = 0; k < 8; ++k) {
      random = random * 1664525 + 1013904223;
      blob[(random >> 8) % (round % 2 ? 400 : blob.size())] = static_cast<char>(random);
    }
    write_text(dir / "damaged", blob);
    std::filesystem::remove(dir / "out");
    const auto in = open_for_read(dir / "damaged");
    const auto out = create_new(dir / "out");
    const auto result = encrypt_chunk(in->get(), clear.chunks[0], kCbcs, 0, out->get());
    if (!result) EXPECT_EQ(result.error().code, ErrorCode::invalid_input) << result.error().message;
  }
}

}  // namespace
}  // namespace vf::media
