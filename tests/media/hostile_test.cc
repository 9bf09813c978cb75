// Probing what is broken or made to hurt: always an answer in a sentence, soon, and never a look at
// anything but the file itself.
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "media/probe_support.h"

namespace vf::media {
namespace {

using test::compose;
using test::probe_file;
using test::TempFolder;
using test::write_text;

constexpr double kSecondsAtMost = 10;  // generous: sanitizers and busy machines

// Either a result or one sentence, within bounded time.
void expect_answer(const std::filesystem::path& path) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = probe_file(path);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(seconds, kSecondsAtMost) << path;
  if (result) return;
  const auto& error = result.error();
  EXPECT_NE(error.code, ErrorCode::internal) << path << error.message;
  EXPECT_GT(error.message.size(), 20U) << path;
  EXPECT_EQ(error.message.back(), '.') << error.message;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

std::string box(const std::string& type, const std::string& body) {
  return big_endian(body.size() + 8, 4) + type + body;
}

// Replaces the fields of every box of that type: `edit(body)` changes its bytes in place.
void patch(std::string& file, const std::string& type, const std::function<void(char*)>& edit) {
  bool any = false;
  for (auto at = file.find(type); at != std::string::npos; at = file.find(type, at + 4)) {
    edit(file.data() + at + 4);
    any = true;
  }
  ASSERT_TRUE(any) << type;
}

void put(char* at, std::uint64_t value, int bytes) {
  const auto text = big_endian(value, bytes);
  std::copy(text.begin(), text.end(), at);
}

std::string clip(const TempFolder& folder, const std::string& options = "") {
  compose(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset ultrafast -c:a aac " + options,
      folder / "clip.mp4");
  return test::read_text(folder / "clip.mp4");
}

TEST(Hostile, TruncationsAtEveryKindOfPlace) {
  const TempFolder folder;
  for (const auto* name : {"a.mp4", "front.mp4", "f.mp4", "a.mkv", "a.ts", "a.avi", "a.flv", "a.ogv"}) {
    const std::string file = name;
    const std::string options = file == "front.mp4" ? "-movflags +faststart"
                                : file == "f.mp4"   ? "-movflags +frag_keyframe+empty_moov -g 5"
                                : file == "a.avi"   ? "-c:v mpeg4"
                                : file == "a.ogv"   ? "-c:v libtheora -c:a libvorbis"
                                                    : "";
    const std::string codec =
        options.find("-c:v") == std::string::npos ? "-c:v libx264 -preset ultrafast -c:a aac " : "";
    compose("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1 -shortest " + codec + options, folder / file);
    const auto whole = test::read_text(folder / file);
    std::vector<std::size_t> places{0, 1, 7, 8, 9, 31, 32, whole.size() - 1};
    for (std::size_t i = 1; i < 24; ++i) places.push_back(whole.size() * i / 24);
    // Every box border of a top-level walk, and one byte to each side.
    for (std::size_t at = 0; at + 8 <= whole.size() && file.ends_with("mp4");) {
      std::size_t size = 0;
      for (int i = 0; i < 4; ++i)
        size = size << 8 | static_cast<unsigned char>(whole[at + static_cast<std::size_t>(i)]);
      at += std::max<std::size_t>(size, 8);
      for (const auto place : {at - 1, at, at + 1}) places.push_back(std::min(place, whole.size()));
    }
    for (const auto place : places) {
      write_text(folder / "cut", whole.substr(0, place));
      expect_answer(folder / "cut");
    }
  }
}

TEST(Hostile, FlippedBytesAnywhereInTheIndex) {
  const TempFolder folder;
  const auto whole = clip(folder, "-movflags +faststart");
  const auto end = whole.find("mdat");
  for (std::size_t at = 0; at < end; at += 7) {
    auto broken = whole;
    broken[at] = static_cast<char>(broken[at] ^ (at % 3 == 0 ? 0xFF : 0x41));
    write_text(folder / "flipped", broken);
    expect_answer(folder / "flipped");
  }
}

TEST(Hostile, ClearAnswers) {
  const TempFolder folder;
  const auto answer = [&](const std::string& bytes) {
    write_text(folder / "file", bytes);
    const auto result = probe_file(folder / "file");
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_THAT(answer(""), testing::HasSubstr("empty"));
  EXPECT_THAT(answer("Dear diary, this is not a video at all."), testing::HasSubstr("text"));
  EXPECT_THAT(answer("#EXTM3U\nfile:///etc/passwd\n"), testing::HasSubstr("playlist"));
  EXPECT_THAT(answer("<?xml version=\"1.0\"?>\n<MPD>\n</MPD>"), testing::HasSubstr("manifest"));
  EXPECT_THAT(answer("ffconcat version 1.0\nfile /etc/passwd\n"), testing::HasSubstr("concat"));
  EXPECT_THAT(answer(std::string(5000, '\0')), testing::HasSubstr("zero"));
  EXPECT_THAT(answer("\xFF\xD8\xFF\xE0" + std::string(100, '\1')), testing::HasSubstr("still picture (JPEG)"));
  EXPECT_THAT(answer("PK\x03\x04" + std::string(100, '\1')), testing::HasSubstr("ZIP"));
  EXPECT_THAT(answer(box("ftyp", "isom\0\0\2\0isomiso2") + box("mdat", std::string(500, 'x'))),
              testing::HasSubstr("moov"));
  const auto whole = clip(folder);
  EXPECT_THAT(answer(whole.substr(0, whole.find("moov") - 4)), testing::HasSubstr("The index (moov) is missing"));
}

TEST(Hostile, EncryptedMediaIsNamed) {
  const TempFolder folder;
  auto file = clip(folder,
                   "-encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff -encryption_kid "
                   "00112233445566778899aabbccddeeff");
  const auto result = probe_file(folder / "clip.mp4");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::unsupported_input);
  EXPECT_THAT(result.error().message, testing::HasSubstr("scheme cenc"));
}

// Probes in a child of its own: its peak memory in bytes, and the answer's code as exit status (100 + code; 0
// accepted).
struct Bounded {
  int status = -1;
  double seconds = 0;
  long peak_kilobytes = 0;
};

Bounded probe_in_child(const std::filesystem::path& path) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const auto result = probe_file(path);
    _exit(result ? 0 : 100 + static_cast<int>(result.error().code));
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), usage.ru_maxrss};
}

constexpr int kLimit = 100 + static_cast<int>(ErrorCode::limit_exceeded);

void expect_refused(const std::filesystem::path& path) {
  const auto result = probe_in_child(path);
  EXPECT_EQ(result.status, kLimit) << path;
  EXPECT_LT(result.seconds, 2) << path;
  EXPECT_LT(result.peak_kilobytes, 256 * 1024) << path;
}

TEST(Hostile, BombOfSize) {
  const TempFolder folder;
  auto file = clip(folder);
  const auto entry = file.rfind("avc1");  // the sample entry stands behind the brand
  put(file.data() + entry + 4 + 24, 65'535, 2);
  put(file.data() + entry + 4 + 26, 65'535, 2);
  write_text(folder / "bomb.mp4", file);
  expect_refused(folder / "bomb.mp4");
}

TEST(Hostile, BombOfPixelsInTheBitstream) {
  const TempFolder folder;
  compose("-f lavfi -i color=s=16000x8000:r=1:d=1 -frames:v 1 -c:v mjpeg -f mov", folder / "big.mov");
  expect_refused(folder / "big.mov");
}

TEST(Hostile, BombOfFrameRate) {
  const TempFolder folder;
  auto file = clip(folder);
  patch(file, "mdhd", [](char* body) { put(body + 12, 1'000'000'000, 4); });
  write_text(folder / "fast.mp4", file);
  expect_refused(folder / "fast.mp4");
}

TEST(Hostile, BombOfDuration) {
  const TempFolder folder;
  compose("-f lavfi -i testsrc2=s=64x48:r=25:d=1.4 -c:v libx264 -video_track_timescale 90000", folder / "clip.mp4");
  auto file = test::read_text(folder / "clip.mp4");
  patch(file, "mdhd", [](char* body) { put(body + 12, 1, 4); });
  write_text(folder / "long.mp4", file);
  expect_refused(folder / "long.mp4");
}

TEST(Hostile, HeaderThatPromisesHoursIsNotBelieved) {
  const TempFolder folder;
  auto file = clip(folder);
  patch(file, "mvhd", [](char* body) { put(body + 16, 11UL * 3600 * 1000, 4); });
  write_text(folder / "claims.mp4", file);
  const auto result = probe_file(folder / "claims.mp4");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_LT(result->info.duration_seconds, 2);
}

// An MP4 with the clip's first track again and again.
std::string with_tracks(const std::string& file, int count) {
  const auto moov = file.find("moov") - 4, trak = file.find("trak") - 4;
  std::size_t size = 0, whole = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(file[trak + i]);
  for (std::size_t i = 0; i < 4; ++i) whole = whole << 8 | static_cast<unsigned char>(file[moov + i]);
  std::string body = file.substr(moov + 8, trak - moov - 8);
  for (int i = 0; i < count; ++i) body += file.substr(trak, size);
  return file.substr(0, moov) + box("moov", body) + file.substr(moov + whole);
}

TEST(Hostile, ThousandsOfStreamsAreRefusedAndAHundredCapped) {
  const TempFolder folder;
  const auto file = clip(folder);
  for (const int count : {1'500, 5'000}) {
    write_text(folder / "streams.mp4", with_tracks(file, count));
    expect_refused(folder / "streams.mp4");
  }
  write_text(folder / "hundred.mp4", with_tracks(file, 100));
  const auto result = probe_file(folder / "hundred.mp4");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->info.streams.size(), 64U);
  EXPECT_TRUE(test::warns(result->info, "streams-capped"));
}

TEST(Hostile, ThousandsOfChaptersAreCapped) {
  const TempFolder folder;
  std::string chapters = ";FFMETADATA1\n";
  for (int i = 0; i < 10'000; ++i)
    chapters += fmt::format("[CHAPTER]\nTIMEBASE=1/10000\nSTART={}\nEND={}\ntitle={}\n", i, i + 1, std::string(5, 'x'));
  write_text(folder / "chapters.txt", chapters);
  compose(fmt::format("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -i '{}' -map 0 -map_metadata 1 -c:v libx264",
                      (folder / "chapters.txt").string()),
          folder / "many.mkv");
  const auto result = probe_file(folder / "many.mkv");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->info.chapters.size(), 1'000U);
  EXPECT_TRUE(test::warns(result->info, "chapters-capped"));
}

TEST(Hostile, LongTitlesAreCut) {
  const TempFolder folder;
  compose(
      fmt::format("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -metadata:s:v title={}", std::string(5000, 'x')),
      folder / "long.mkv");
  const auto result = probe_file(folder / "long.mkv");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->info.streams[0].title.size(), 1024U);
  EXPECT_TRUE(test::warns(result->info, "metadata-capped"));
}

TEST(Hostile, RealFilesGetAnAnswerThreeTimes) {
  for (const auto& path : test::real_files("malformed"))
    for (int i = 0; i < 3; ++i) expect_answer(path);
}

// What points elsewhere. strace lists every call that opens or connects between two marks: reads of
// descriptor -7 and -8 that the traced half of this test makes.
std::vector<std::filesystem::path> pointing_files(const TempFolder& folder) {
  const std::string list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n";
  const std::vector<std::pair<std::string, std::string>> texts{
      {"hls.m3u8", list},
      {"hls.mp4", list},
      {"blank.mp4", "\n\n" + list},
      {"concat.txt", "ffconcat version 1.0\nfile /etc/passwd\n"},
      {"http.m3u8", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n"},
      {"session.sdp", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n"},
      {"manifest.mpd", "<?xml version=\"1.0\"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>"},
      {"binary.m3u8", list + std::string(64, '\x01')},
      {"binary-concat", "ffconcat version 1.0\nfile /etc/passwd\n" + std::string(64, '\x01')},
      {"reference.mov",
       box("moov", box("rmra", box("rmda", box("rdrf", std::string("\0\0\0\0url ", 8) + big_endian(18, 4) +
                                                           "file:///etc/passwd"))))},
  };
  std::vector<std::filesystem::path> out;
  for (const auto& [name, bytes] : texts) {
    write_text(folder / name, bytes);
    out.push_back(folder / name);
  }
  for (const auto& path : test::real_files("malformed")) out.push_back(path);
  return out;
}

TEST(Hostile, NothingElseIsOpened) {
  if (const char* child = std::getenv("VIDEOFORGE_TEST_PROBE")) {
    const auto fd = test::open_input(child);
    ::tzset();  // the C library reads the time zone once, whoever first asks for a date
    (void)::lseek(-7, 0, SEEK_SET);
    (void)probe(fd.get());
    (void)::lseek(-8, 0, SEEK_SET);
    return;
  }
  if (std::system("command -v strace > /dev/null") != 0) GTEST_SKIP() << "strace is not installed";
  const TempFolder folder;
  for (const auto& path : pointing_files(folder)) {
    const auto log = folder / "calls";
    test::run(fmt::format(
        "VIDEOFORGE_TEST_PROBE='{}' strace -f -qq -e trace=lseek,open,openat,openat2,creat,socket,connect,execve -o "
        "'{}' /proc/{}/exe --gtest_filter=Hostile.NothingElseIsOpened",
        path.string(), log.string(), getpid()));
    const auto calls = test::read_text(log);
    const auto begin = calls.find("lseek(-7"), end = calls.find("lseek(-8");
    ASSERT_NE(begin, std::string::npos) << calls;
    ASSERT_NE(end, std::string::npos) << calls;
    const auto between = calls.substr(begin, end - begin);
    for (const auto* call : {"open(", "openat(", "openat2(", "creat(", "socket(", "connect(", "execve("})
      EXPECT_EQ(between.find(call), std::string::npos) << path << "\n" << between;
  }
}

}  // namespace
}  // namespace vf::media
