// Captions that people upload: what is kept, what goes, and how they join the manifests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/captions.h"
#include "http/manifest_captions.h"

namespace vf::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Captions, SubRipBecomesWebVtt) {
  const auto out = clean_captions(
      "\xEF\xBB\xBF"
      "1\r\n00:00:01,500 --> 00:00:02,000\r\nHello <b>you</b>\r\nand me\r\n\r\n2\r\n"
      "00:01:00,000 --> 00:01:01,000\r\nTom & Jerry --> end\r\n");
  ASSERT_TRUE(out);
  EXPECT_EQ(*out,
            "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nHello <b>you</b>\nand me\n\n00:01:00.000 --> 00:01:01.000\n"
            "Tom &amp; Jerry --&gt; end\n");
}

TEST(Captions, WhatCouldRunOrLoadGoes) {
  const auto out = clean_captions(
      "WEBVTT\n\nSTYLE\n::cue { background: url(http://evil/) }\n\nREGION\nid:x\n\nNOTE secret\n\n00:01.000 --> "
      "00:02.000 "
      "position:50% onclick:evil\n<script>alert(1)</script><c.x onload=1>text</c><v Mary>hi</v> <img src=x>&bad;\n");
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 position:50%\nalert(1)text<v Mary>hi</v> &amp;bad;\n");
}

TEST(Captions, WhatIsNoneIsRefusedWithWhatToSend) {
  EXPECT_THAT(clean_captions("hello").error().message, HasSubstr("SubRip"));
  EXPECT_THAT(clean_captions("\xff\xfe").error().message, HasSubstr("UTF-8"));
  EXPECT_FALSE(clean_captions("00:00:05,000 --> 00:00:01,000\nbackwards\n"));
  std::string many;
  for (int i = 0; i < 20'001; ++i) many += "00:00:01,000 --> 00:00:02,000\nx\n\n";
  EXPECT_THAT(clean_captions(many).error().message, HasSubstr("20000"));
}

TEST(Captions, LanguageTags) {
  for (const auto* good : {"en", "pt-BR", "zh-Hant-TW", "de-1996"}) EXPECT_TRUE(is_language_tag(good)) << good;
  for (const auto* bad : {"", "e", "en-", "-en", "en_US", "../x", "en\"", "abcdefghi"})
    EXPECT_FALSE(is_language_tag(bad)) << bad;
}

const std::vector<store::Caption> kTwo{{"en", "English \"x\"\n", "WEBVTT\n"}, {"de", "D & <E>", "WEBVTT\n"}};

TEST(ManifestCaptions, TheMasterOffersThemOnEveryVariant) {
  const auto out = with_captions_hls(
      "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nb.m3u8\n", kTwo);
  EXPECT_THAT(out, HasSubstr("NAME=\"English x\",LANGUAGE=\"en\""));
  EXPECT_THAT(out, HasSubstr("URI=\"de.captions.m3u8\""));
  EXPECT_THAT(out, HasSubstr("BANDWIDTH=1,SUBTITLES=\"subs\"\na.m3u8"));
  EXPECT_THAT(out, HasSubstr("BANDWIDTH=2,SUBTITLES=\"subs\"\nb.m3u8"));
}

TEST(ManifestCaptions, AGroupThatIsThereIsJoined) {
  const auto out = with_captions_hls("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES=\"text\"\na.m3u8\n", kTwo);
  EXPECT_THAT(out, HasSubstr("GROUP-ID=\"text\""));
  EXPECT_THAT(out, Not(HasSubstr("\"subs\"")));
}

TEST(ManifestCaptions, TheMpdStaysWellFormed) {
  const auto out = with_captions_dash("<MPD>\n  <Period>\n  </Period>\n</MPD>\n", kTwo);
  EXPECT_THAT(out, HasSubstr("<Label>D &amp; &lt;E&gt;</Label>"));
  EXPECT_THAT(out, HasSubstr("<BaseURL>en.vtt</BaseURL>"));
  EXPECT_THAT(out, HasSubstr("    </AdaptationSet>\n  </Period>\n</MPD>\n"));
}

}  // namespace
}  // namespace vf::http
