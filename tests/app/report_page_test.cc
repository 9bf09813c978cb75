// The report page: hostile names stay text, every figure of the report is on the page, and an empty
// or odd report still gives a page.
#include "app/report/page.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "app/report/html.h"
#include "app/report/plot.h"

namespace vf::app {
namespace {

using testing::HasSubstr;
using testing::Not;

json::value parse(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value.has_value());
  return value ? *value : json::value();
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++out;
  return out;
}

std::string between(const std::string& text, std::string_view open, std::string_view close, std::size_t from = 0) {
  const auto start = text.find(open, from);
  if (start == std::string::npos) return {};
  const auto end = text.find(close, start + open.size());
  return text.substr(start + open.size(), end - start - open.size());
}

std::string sha256_base64(const std::string& text) {
  unsigned char digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  unsigned char out[64];
  const int size = EVP_EncodeBlock(out, digest, sizeof digest);
  return {reinterpret_cast<char*>(out), static_cast<std::size_t>(size)};
}

constexpr std::string_view kReport = R"({
  "source": {"name": "holiday.mov", "bytes": 21000000, "duration_seconds": 61.5},
  "decisions": [{"stream": 0, "kind": "video", "action": "encode", "target": "720p", "reason": "its codec is prores"},
                {"stream": 1, "kind": "audio", "action": "copy", "target": "audio_en", "reason": "it is AAC already"}],
  "renditions": [
    {"name": "720p", "file": "video_720p.mp4", "codecs": "avc1.64001f", "width": 1280, "height": 720, "frames": 1845,
     "mean_bit_rate": 2100000, "peak_bit_rate": 2950000, "max_bit_rate": 3000000,
     "ssim": {"mean": 0.9731, "p1": 0.951, "min": 0.9402, "samples": [[0, 0.98], [1, 0.97], [2, 0.9402]]},
     "second_bits": [1900000, 2950000, 2100000], "copied": false}],
  "audio": [{"name": "English", "file": "audio_en.mp4", "language": "en", "codec": "aac", "channels": 2,
             "mean_bit_rate": 128000, "offset_ms": 1.25}],
  "files": [{"name": "video_720p.mp4", "bytes": 16000000}],
  "stages": {"run": 12, "reused": 3, "by_kind": [
    {"kind": "encode", "count": 8, "reused": 3, "cpu_seconds": 20.5, "wall_seconds": 11.0, "peak_memory_bytes": 350000000}]},
  "timing": {"wall_seconds": 11.4, "cpu_seconds": 21.9, "speed": 5.39},
  "warnings": [{"code": "vfr", "message": "The frame rate varies."}]
})";

TEST(ReportPage, ShowsWhatTheReportSays) {
  const auto page = render_report_page({.report = parse(kReport), .poster = "poster.jpg"});
  for (const auto* expected :
       {"holiday.mov", "1:01", "11.4 s", "5.39\u00d7", "its codec is prores", "1280\u00d7720", "1845", "2.10 Mbit/s",
        "2.95 Mbit/s", "0.9731", "0.9510", "0.9402", "+1.2 ms", "128 kbit/s", "12 + 3", "350 MB",
        "The frame rate varies.", "poster=\"./poster.jpg\"", "href=\"./video_720p.mp4\""}) {
    EXPECT_THAT(page, HasSubstr(expected));
  }
  EXPECT_EQ(count(page, "<polyline"), 2u) << "one line of bit rate and one of similarity";
}

TEST(ReportPage, HostileNamesStayText) {
  const std::string evil = "</script><img src=x onerror=alert(1)>\"'&";
  json::value report = parse(kReport);
  report.as_object()["source"].as_object()["name"] = evil;
  report.as_object()["audio"].as_array()[0].as_object()["name"] = evil;
  report.as_object()["decisions"].as_array()[0].as_object()["action"] = evil;
  report.as_object()["warnings"] = json::array{json::object{{"message", evil}}};
  report.as_object()["files"] = json::array{json::object{{"name", evil}, {"bytes", 1}}};
  const auto plain = render_report_page({.report = parse(kReport)});
  const auto page = render_report_page(
      {.report = report, .storyboard_webvtt = evil, .subtitles = {{.name = evil, .language = evil, .webvtt = evil}}});
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_EQ(count(page, "</script"), count(plain, "</script"));
  EXPECT_EQ(count(page, "<script"), count(plain, "<script"));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"));
}

TEST(ReportPage, ReachesForNothingOutside) {
  const auto page = render_report_page({.report = parse(kReport), .poster = "poster.jpg"});
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportPage, PolicyAllowsItsOwnScriptAndStyleByHash) {
  const auto page = render_report_page({.report = parse(kReport)});
  const auto style = between(page, "<style>", "</style>");
  const auto script = between(page, "<script>", "</script>");
  ASSERT_FALSE(style.empty());
  ASSERT_FALSE(script.empty());
  EXPECT_THAT(page, HasSubstr("style-src 'sha256-" + sha256_base64(style) + "'"));
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-" + sha256_base64(script) + "'"));
}

TEST(ReportPage, AnyReportGivesAPage) {
  for (const auto* text :
       {"{}", "null", "[]", R"({"source": 3, "renditions": {}, "stages": []})",
        R"({"renditions": [null, 1, {}, {"ssim": {"samples": [[1], "x", [0, 1]]}, "second_bits": ["a", null]}]})"}) {
    const auto page = render_report_page({.report = parse(text)});
    EXPECT_THAT(page, HasSubstr("</html>")) << text;
    EXPECT_THAT(page, Not(HasSubstr("nan"))) << text;
  }
}

TEST(ReportPage, FindsTheSetsOwnPoster) {
  json::value report = parse(kReport);
  EXPECT_THAT(render_report_page({.report = report}), Not(HasSubstr(" poster=")));
  report.as_object()["files"].as_array().push_back(json::object{{"name", "poster.jpg"}, {"bytes", 1}});
  EXPECT_THAT(render_report_page({.report = report}), HasSubstr("poster=\"./poster.jpg\""));
}

TEST(ReportPage, EncryptedSetSaysWhyItDoesNotPlay) {
  json::value report = parse(kReport);
  report.as_object()["encryption"] = "cbcs";
  const auto page = render_report_page({.report = report});
  EXPECT_THAT(page, HasSubstr("encrypted"));
  EXPECT_THAT(page, Not(HasSubstr("<video")));
}

TEST(Plot, LongSeriesAreThinnedAndKeepTheirWorstPoint) {
  Series series{"long", {}};
  for (int i = 0; i < 100'000; ++i) series.points.emplace_back(i, i == 54'321 ? 0.1 : 0.9);
  const auto label = [](double) { return std::string("x"); };
  const auto svg =
      render_plot({.title = "t", .series = {series}, .x_label = label, .y_label = label, .keep_lowest = true});
  EXPECT_LT(svg.size(), 20'000u);
  const auto points = between(svg, "points=\"", "\"");
  // 0.1 of the height stands at 12 + 180 * 0.9 = 174.
  EXPECT_THAT(points, HasSubstr(",174.0 "));
}

TEST(Plot, StepsAreRound) {
  EXPECT_DOUBLE_EQ(nice_step(10, 5), 2);
  EXPECT_DOUBLE_EQ(nice_step(0.05, 5), 0.01);
  EXPECT_DOUBLE_EQ(nice_step(4.2e6, 5), 1e6);
  EXPECT_DOUBLE_EQ(nice_step(0, 5), 1);
}

TEST(Html, FileUrlsNeverLeaveTheFolder) {
  EXPECT_EQ(html::file_url("a b#1?.mp4"), "./a%20b%231%3F.mp4");
  EXPECT_EQ(html::file_url("javascript:alert(1)"), "./javascript%3Aalert%281%29");
  EXPECT_EQ(html::file_url("../x"), "");
  EXPECT_EQ(html::file_url(""), "");
}

TEST(Html, FiguresArePlain) {
  EXPECT_EQ(html::bit_rate(128'000), "128 kbit/s");
  EXPECT_EQ(html::bit_rate(4'213'000), "4.21 Mbit/s");
  EXPECT_EQ(html::bytes(12'345'678), "12.3 MB");
  EXPECT_EQ(html::clock(3723), "1:02:03");
  EXPECT_EQ(html::elapsed(0.42), "0.42 s");
  EXPECT_EQ(html::elapsed(200), "3 min 20 s");
  EXPECT_EQ(html::bytes(std::nullopt), "\u2014");
}

}  // namespace
}  // namespace vf::app
