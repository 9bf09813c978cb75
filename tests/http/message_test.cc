#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/message/conditional.h"
#include "http/message/fields.h"
#include "http/message/forwarded.h"
#include "http/message/http_date.h"
#include "http/message/multipart.h"
#include "http/message/problem.h"
#include "http/message/ranges.h"
#include "http/message/target.h"

namespace vf::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Target, DecodesPathAndQueryOnce) {
  const auto target = parse_target("/api/videos/%C3%A4%2525?q=a+b%26c&empty=&flag&q=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/videos/\xC3\xA4%25");
  EXPECT_THAT(target->query, ElementsAre(Pair("q", "a b&c"), Pair("empty", ""), Pair("flag", ""), Pair("q", "2")));
  EXPECT_EQ(parse_target("http://videos.example:8080")->path, "/");
  EXPECT_EQ(parse_target("HTTP://videos.example:8080/a?b=c")->host, "videos.example:8080");
  EXPECT_EQ(parse_target("/...a/..b")->path, "/...a/..b");
}

TEST(Target, RefusesWhatCouldMeanTwoThings) {
  for (const char* text : {"",
                           "a",
                           "*",
                           "/a/../b",
                           "/a/%2e%2E/b",
                           "/..",
                           "/.",
                           "/a/.",
                           "/%00",
                           "/a%0d%0aSet-Cookie:x",
                           "/%7f",
                           "/a%2Fb",
                           "/%",
                           "/%4",
                           "/%zz",
                           "/%ff",
                           "/%c0%af",
                           "/%ed%a0%80",
                           "/%f4%90%80%80",
                           "/a#b",
                           "/?a=%00",
                           "/?a=%fe",
                           "/?%=1",
                           "http://",
                           "http:///a",
                           "http://user@host/a",
                           "ftp://host/a",
                           "\\a"})
    EXPECT_FALSE(parse_target(text)) << text;
  std::string many = "/?";
  for (int i = 0; i < 201; ++i) many += "a=1&";
  EXPECT_FALSE(parse_target(many));
}

TEST(Fields, ListsAndParametersRespectQuotes) {
  EXPECT_THAT(split_list("a, \"b,c\" ,, d\\"), ElementsAre("a", "\"b,c\"", "d\\"));
  EXPECT_THAT(split_list("\"open, a"), ElementsAre("\"open, a"));
  const auto parsed = parse_parameters("Multipart/Form-Data; Boundary=\"a;\\\"b\"; x");
  EXPECT_EQ(parsed.value, "multipart/form-data");
  ASSERT_TRUE(parsed.find("boundary"));
  EXPECT_EQ(*parsed.find("boundary"), "a;\"b");
  EXPECT_TRUE(accepts_encoding("br, gzip;q=0.5", "gzip"));
  EXPECT_FALSE(accepts_encoding("br, gzip;q=0.000, *", "gzip"));
  EXPECT_TRUE(accepts_encoding("*", "gzip"));
  EXPECT_FALSE(accepts_encoding("", "gzip"));
  EXPECT_FALSE(is_token("a b"));
}

TEST(HttpDate, ReadsTheThreeFormsAndWritesOne) {
  EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), 784111777);
  for (const char* text : {"", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 32 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

RangeChoice::Answer answer(const char* field, std::int64_t size = 1000) { return choose_ranges(field, size).answer; }

TEST(Ranges, AsRfc9110Says) {
  EXPECT_THAT(choose_ranges("bytes=0-0", 1000).ranges, ElementsAre(ByteRange{0, 1}));
  EXPECT_THAT(choose_ranges("bytes=900-", 1000).ranges, ElementsAre(ByteRange{900, 100}));
  EXPECT_THAT(choose_ranges("bytes=-1", 1000).ranges, ElementsAre(ByteRange{999, 1}));
  EXPECT_THAT(choose_ranges("bytes=-5000", 1000).ranges, ElementsAre(ByteRange{0, 1000}));
  EXPECT_THAT(choose_ranges("Bytes= 10-20 , 500-99999999999999999999", 1000).ranges,
              ElementsAre(ByteRange{10, 11}, ByteRange{500, 500}));
  EXPECT_EQ(answer("bytes=-0"), RangeChoice::Answer::unsatisfiable);
  EXPECT_EQ(answer("bytes=1000-"), RangeChoice::Answer::unsatisfiable);
  EXPECT_EQ(answer("bytes=0-", 0), RangeChoice::Answer::unsatisfiable);
  EXPECT_THAT(choose_ranges("bytes=2000-3000,5-6", 1000).ranges, ElementsAre(ByteRange{5, 2}));
  for (const char* field : {"", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=5-4", "bytes=--1", "bytes=1",
                            "lines=1-2", "bytes=0-1,x", "bytes=0x0-1", "bytes=+1-2"})
    EXPECT_EQ(answer(field), RangeChoice::Answer::whole) << field;
}

TEST(Ranges, OverlapsAreJoinedAndManyAreRefused) {
  EXPECT_THAT(choose_ranges("bytes=100-200,0-150,180-300,250-260", 100'000).ranges, ElementsAre(ByteRange{0, 301}));
  EXPECT_THAT(choose_ranges("bytes=0-9,50-59", 100'000).ranges, ElementsAre(ByteRange{0, 60}));
  std::string apart = "bytes=0-0", same = "bytes=0-";
  for (int i = 1; i < 1000; ++i) {
    apart += "," + std::to_string(i * 1000) + "-" + std::to_string(i * 1000);
    same += ",0-";
  }
  EXPECT_EQ(answer(apart.c_str(), 10'000'000), RangeChoice::Answer::unsatisfiable);
  EXPECT_THAT(choose_ranges(same, 10'000'000).ranges, ElementsAre(ByteRange{0, 10'000'000}));
}

Request request(std::string method, std::vector<std::pair<std::string, std::string>> fields) {
  Request out;
  out.method = std::move(method);
  for (auto& [name, value] : fields) out.headers.add(name, value);
  return out;
}

TEST(Conditional, TagsAndDates) {
  const Validators now{"\"v2\"", 784111777};
  const auto ask = [&](const char* method, const char* field, const char* value) {
    return evaluate(request(method, {{field, value}}), now);
  };
  EXPECT_EQ(ask("GET", "If-None-Match", "\"v1\", W/\"v2\""), Precondition::not_modified);
  EXPECT_EQ(ask("GET", "If-None-Match", "\"v1\""), Precondition::go_on);
  EXPECT_EQ(ask("HEAD", "If-None-Match", "*"), Precondition::not_modified);
  EXPECT_EQ(ask("PUT", "If-None-Match", "*"), Precondition::failed);
  EXPECT_EQ(ask("GET", "If-Match", "\"v1\""), Precondition::failed);
  EXPECT_EQ(ask("GET", "If-Match", "W/\"v2\""), Precondition::failed);
  EXPECT_EQ(ask("PATCH", "If-Match", "\"v2\""), Precondition::go_on);
  EXPECT_EQ(ask("GET", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"), Precondition::not_modified);
  EXPECT_EQ(ask("GET", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"), Precondition::go_on);
  EXPECT_EQ(ask("GET", "If-Modified-Since", "yesterday"), Precondition::go_on);
  EXPECT_EQ(ask("PUT", "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"), Precondition::failed);
  EXPECT_EQ(evaluate(request("PUT", {{"If-Match", "*"}}), Validators{"", {}, false}), Precondition::failed);
  // A tag beats a date (13.2.2).
  EXPECT_EQ(
      evaluate(request("GET", {{"If-None-Match", "\"v1\""}, {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}),
               now),
      Precondition::go_on);
}

TEST(Conditional, IfRangeNeedsAStrongMatch) {
  const Validators now{"\"v2\"", 784111777};
  const auto applies = [&](const char* value) { return range_applies(request("GET", {{"If-Range", value}}), now); };
  EXPECT_TRUE(applies("\"v2\""));
  EXPECT_FALSE(applies("W/\"v2\""));
  EXPECT_FALSE(applies("\"v1\""));
  EXPECT_TRUE(applies("Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_FALSE(applies("Sun, 06 Nov 1994 08:49:38 GMT"));
  EXPECT_FALSE(applies("nonsense"));
  EXPECT_TRUE(range_applies(request("GET", {}), now));
}

TEST(Forwarded, OnlyTrustedProxiesAreBelieved) {
  ProxyOptions options{{*Cidr::parse("10.0.0.0/8"), *Cidr::parse("2001:db8::/32")}, ForwardedField::x_forwarded_for};
  const auto seen = [&](const char* peer, std::vector<std::pair<std::string, std::string>> fields) {
    const auto sender = sender_of(request("GET", std::move(fields)).headers, *IpAddress::parse(peer), false, options);
    return sender.address.text() + (sender.secure ? " secure" : "");
  };
  EXPECT_EQ(seen("203.0.113.7", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}), "203.0.113.7");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}), "192.0.2.1 secure");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1, 192.0.2.1, 10.9.9.9"}}), "192.0.2.1");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1, unknown"}}), "10.0.0.1");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1:5678"}}), "192.0.2.1");
  EXPECT_EQ(seen("::ffff:10.0.0.1", {{"X-Forwarded-For", "[2001:db9::1]:443"}}), "2001:db9::1");
  EXPECT_EQ(seen("10.0.0.1", {{"Forwarded", "for=192.0.2.1"}}), "10.0.0.1");
  options.field = ForwardedField::forwarded;
  EXPECT_EQ(seen("10.0.0.1", {{"Forwarded", "for=127.0.0.1, For=\"[2001:db9::1]:80\";Proto=HTTPS;by=x"}}),
            "2001:db9::1 secure");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}), "10.0.0.1");
}

// Writes what it is told, so that a test reads like the form.
class Recorder : public PartSink {
 public:
  Result<void> begin(const Part& part) override {
    log += "[" + part.name + "|" + part.filename + "|" + part.content_type + "]";
    return {};
  }
  Result<void> data(std::span<const std::uint8_t> bytes) override {
    log.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  Result<void> end() override {
    log += ";";
    return {};
  }
  std::string log;
};

std::string parse_form_data(std::string_view body, std::size_t piece) {
  Recorder recorder;
  auto parser = MultipartParser::create("multipart/form-data; boundary=XX", recorder);
  EXPECT_TRUE(parser);
  for (std::size_t at = 0; at < body.size(); at += piece) {
    const auto text = body.substr(at, piece);
    const auto done = parser->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!done) return "error: " + done.error().message;
  }
  if (const auto done = parser->finish(); !done) return "error: " + done.error().message;
  return recorder.log;
}

TEST(Multipart, TheSamePartsHoweverTheBytesAreCut) {
  const std::string body =
      "--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA \r\n--X film\r\n--XX  \r\n"
      "Content-Type: video/mp4\r\ncontent-disposition: form-data; name=file; "
      "filename=\"a%22;b.mp4\"\r\n\r\n\r\n--XX--\r\nrest";
  for (std::size_t piece = 1; piece <= body.size(); ++piece)
    EXPECT_EQ(parse_form_data(body, piece), "[title||text/plain]A \r\n--X film;[file|a\";b.mp4|video/mp4];") << piece;
}

TEST(Multipart, RefusesBrokenForms) {
  for (const char* body :
       {"", "--XX", "--XX\r\n\r\nno name\r\n--XX--", "--XXjunk\r\n", "--XX\r\nno field\r\n\r\n\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nopen end"})
    EXPECT_EQ(parse_form_data(body, 7).substr(0, 6), "error:") << body;
  EXPECT_EQ(parse_form_data("--XX\r\n" + std::string(10'000, 'a'), 100).substr(0, 6), "error:");
  Recorder recorder;
  EXPECT_FALSE(MultipartParser::create("multipart/form-data", recorder));
  EXPECT_FALSE(MultipartParser::create("application/json; boundary=x", recorder));
}

TEST(Problem, SaysWhatIsWrongAndWhereButNothingOfOurInside) {
  Request asked;
  asked.correlation = "abc";
  const auto wrong = problem(asked, Error{ErrorCode::invalid_argument, "At /title: expected a string.", {}, "/title"});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.headers.get("content-type"), "application/problem+json");
  EXPECT_EQ(std::get<std::string>(wrong.body),
            R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"At /title: expected a string.",)"
            R"("code":"invalid_argument","correlationId":"abc",)"
            R"("errors":[{"pointer":"/title","message":"At /title: expected a string."}]})");
  const auto inside = problem(asked, Error{ErrorCode::internal, "The table videos is gone.", "/var/lib/x"});
  EXPECT_EQ(inside.status, 500);
  EXPECT_EQ(std::get<std::string>(inside.body).find("table"), std::string::npos);
  EXPECT_EQ(problem(asked, Error{ErrorCode::unavailable, "Busy."}).headers.get("Retry-After"), "5");
  EXPECT_EQ(problem(asked, Error{ErrorCode::no_space, "Full."}).status, 507);
}

}  // namespace
}  // namespace vf::http
