#include "media/subtitles/webvtt.h"

#include <gmock/gmock.h>

#include "media_support.h"

namespace vf::media::subtitles {
namespace {

using namespace vf::test;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kSrt =
    "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> & <font color=\"red\">welcome</font>\r\nsecond line\r\n\r\n"
    "2\r\n00:00:04,000 --> 00:00:05,000\r\n{\\an8}<b>a < b</b>\r\n\r\n"
    "3\r\n00:01:00,000 --> 00:01:01,000\r\n<script>alert(1)</script>safe\r\n";

std::string document(std::string_view text, const SubtitleSpec& spec = {}) {
  const auto out = text_to_webvtt(text, spec);
  EXPECT_TRUE(out.has_value()) << out.error().message;
  return out ? out->document : std::string();
}

TEST(WebVtt, FromSubRip) {
  EXPECT_EQ(document(kSrt),
            "WEBVTT\n\n"
            "00:00:01.000 --> 00:00:02.500\n<i>Hello</i> &amp; welcome\nsecond line\n\n"
            "00:00:04.000 --> 00:00:05.000\n<b>a &lt; b</b>\n\n"
            "00:01:00.000 --> 00:01:01.000\nsafe\n\n");
}

TEST(WebVtt, FromWebVttKeepsEscapesAndDropsTheRest) {
  EXPECT_EQ(document("WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE a --> b\n\nid\n00:01.000 --> 00:02.000 "
                     "align:start\n<v Fred>Tom &amp; <c.loud>Jerry</c> <b>x</v>\n\n"),
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nTom &amp; Jerry <b>x</b>\n\n");
}

TEST(WebVtt, FromAss) {
  constexpr std::string_view kAss =
      "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name\nStyle: Default\n\n[Events]\n"
      "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
      "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,later\n"
      "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}one, two{\\i0}\\Nthree{\\pos(1,2)}\n"
      "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}\n";
  EXPECT_EQ(
      document(kAss),
      "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>one, two</i>\nthree\n\n00:00:03.000 --> 00:00:04.000\nlater\n\n");
}

TEST(WebVtt, NothingButSafeTagsComesThrough) {
  const auto text = document(
      "1\n00:00:01,000 --> 00:00:02,000\n<img src=x onerror=alert(1)><b onclick=x>t</b><!-- c --><SCRIPT>evil</SCRIPT> "
      "a --> b\n");
  EXPECT_THAT(text, Not(HasSubstr("img")));
  EXPECT_THAT(text, Not(HasSubstr("onclick")));
  EXPECT_THAT(text, Not(HasSubstr("evil")));
  EXPECT_THAT(text, HasSubstr("<b>t</b>"));
  EXPECT_THAT(text, HasSubstr("a --&gt; b"));
}

TEST(WebVtt, TagsAreNestedWhateverTheSource) {
  EXPECT_THAT(document("1\n00:00:01,000 --> 00:00:02,000\n<b>x<i>y</b>z\n"), HasSubstr("<b>x<i>y</i></b><i>z</i>\n"));
}

TEST(WebVtt, Encodings) {
  const std::string srt = "1\n00:00:01,000 --> 00:00:02,000\ncaf\xC3\xA9 \xE2\x82\xAC\n";
  const auto expected = document(srt);
  EXPECT_THAT(expected, HasSubstr("caf\xC3\xA9 \xE2\x82\xAC"));
  EXPECT_EQ(document("\xEF\xBB\xBF" + srt), expected);
  EXPECT_EQ(document("1\n00:00:01,000 --> 00:00:02,000\ncaf\xE9 \x80\n"), expected);
  std::string little;
  for (const char16_t c : std::u16string(u"1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9 \u20ac\n")) {
    little += static_cast<char>(c & 0xFF);
    little += static_cast<char>(c >> 8);
  }
  std::string big = little;
  for (std::size_t i = 0; i + 1 < big.size(); i += 2) std::swap(big[i], big[i + 1]);
  EXPECT_EQ(document("\xFF\xFE" + little), expected);
  EXPECT_EQ(document("\xFE\xFF" + big), expected);
  EXPECT_EQ(document(little), expected);
  EXPECT_EQ(document(big), expected);
}

TEST(WebVtt, ClipMovesCutsAndDrops) {
  const auto text = document(kSrt, {.start_seconds = 2, .duration_seconds = 2.5});
  EXPECT_EQ(text,
            "WEBVTT\n\n00:00:00.000 --> 00:00:00.500\n<i>Hello</i> &amp; welcome\nsecond line\n\n00:00:02.000 --> "
            "00:00:02.500\n<b>a &lt; b</b>\n\n");
}

TEST(WebVtt, EmptyIsAValidDocumentAndNonsenseIsRefused) {
  const auto empty = text_to_webvtt("", {});
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->document, "WEBVTT\n\n");
  EXPECT_EQ(empty->cues, 0);
  const auto nonsense = text_to_webvtt("this is a letter to my aunt", {});
  ASSERT_FALSE(nonsense.has_value());
  EXPECT_EQ(nonsense.error().code, ErrorCode::unsupported_input);
}

TEST(WebVtt, CuesAreBounded) {
  std::string srt;
  for (int i = 0; i < kMaxCues + 10; ++i)
    srt +=
        fmt::format("{0}\n00:{1:02}:{2:02},{3:03} --> 00:59:59,000\nx\n\n", i, i / 60000 % 60, i / 1000 % 60, i % 1000);
  const auto out = text_to_webvtt(srt, {});
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->cues, kMaxCues);
  ASSERT_EQ(out->warnings.size(), 1U);
  const auto fat = text_to_webvtt("1\n00:00:01,000 --> 00:00:02,000\n" + std::string(100'000, 'x') + "\n", {});
  EXPECT_LT(fat->document.size(), kMaxCueBytes + 100);
}

class SubtitleStream : public testing::Test {
 protected:
  WebVtt read(const std::filesystem::path& file, const SubtitleSpec& spec) {
    const auto in = open_input(file);
    const auto out = stream_to_webvtt(in.get(), spec);
    EXPECT_TRUE(out.has_value()) << out.error().message;
    return out ? *out : WebVtt{};
  }
  TempFolder folder_;
};

TEST_F(SubtitleStream, EveryTextCodec) {
  write_text(
      folder_ / "s.srt",
      "1\n00:00:00,500 --> 00:00:01,500\n<i>Gr\xC3\xBC\xC3\x9F</i> & co\n\n2\n00:00:02,000 --> 00:00:03,000\nsecond\n");
  for (const auto& [codec, container] : std::vector<std::pair<std::string, std::string>>{
           {"subrip", "mkv"}, {"ass", "mkv"}, {"webvtt", "webm"}, {"webvtt", "mkv"}, {"mov_text", "mp4"}}) {
    const auto file = folder_ / (codec + "." + container);
    const std::string video = container == "webm" ? "libvpx -b:v 50k" : "libx264 -preset ultrafast";
    compose(fmt::format("-f lavfi -i testsrc2=s=64x64:r=10:d=4 -i '{}' -map 0:v -map 1:s -c:v {} -c:s {}",
                        (folder_ / "s.srt").string(), video, codec),
            file);
    const auto out = read(file, {.stream_index = 1});
    EXPECT_EQ(out.cues, 2) << codec << " " << container << "\n" << out.document;
    EXPECT_THAT(out.document, HasSubstr("00:00:00.500 --> 00:00:01.500\n")) << codec;
    EXPECT_THAT(out.document, HasSubstr("Gr\xC3\xBC\xC3\x9F")) << codec;
    EXPECT_THAT(out.document, HasSubstr("00:00:02.000 --> 00:00:03.000\nsecond\n")) << codec;
    EXPECT_THAT(out.document, HasSubstr("&amp; co")) << codec;
    if (codec != "webvtt") EXPECT_THAT(out.document, HasSubstr("<i>Gr")) << codec;
  }
}

TEST_F(SubtitleStream, ClipOfAStream) {
  write_text(folder_ / "s.srt", "1\n00:00:00,500 --> 00:00:01,500\none\n\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n");
  compose(fmt::format("-i '{}' -c:s subrip", (folder_ / "s.srt").string()), folder_ / "s.mkv");
  EXPECT_EQ(read(folder_ / "s.mkv", {.start_seconds = 1, .duration_seconds = 1.5}).document,
            "WEBVTT\n\n00:00:00.000 --> 00:00:00.500\none\n\n00:00:01.000 --> 00:00:01.500\ntwo\n\n");
}

TEST_F(SubtitleStream, PicturesAndOtherStreamsAreRefused) {
  compose("-f lavfi -i testsrc2=s=64x64:r=10:d=1 -c:v libx264", folder_ / "v.mkv");
  const auto in = open_input(folder_ / "v.mkv");
  EXPECT_EQ(stream_to_webvtt(in.get(), {.stream_index = 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(stream_to_webvtt(in.get(), {.stream_index = 7}).error().code, ErrorCode::invalid_argument);
}

TEST_F(SubtitleStream, RealFiles) {
  for (const auto& file : real_files("valid")) {
    if (file.filename() == "media__sample_with_srt.mkv") EXPECT_GE(read(file, {.stream_index = 2}).cues, 1);
    if (file.filename() == "nestegg__seek_sub.webm") EXPECT_GE(read(file, {.stream_index = 1}).cues, 1);
  }
}

}  // namespace
}  // namespace vf::media::subtitles
