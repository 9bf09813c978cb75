// The server over real sockets: what a client sees.
#include "http/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/raw_client.h"
#include "http/server/slow_lane.h"
#include "http/test_application.h"

namespace vf::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.port = 0;
    auto made = Server::listen(std::move(options), app);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  std::string ask(const std::string& request) {
    RawClient client(server->port());
    client.say(request);
    return client.hear_answer();
  }
  static std::string get(const std::string& path, const std::string& fields = {}) {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  }
  static void wait_for(const std::function<bool()>& there) {
    for (int i = 0; i < 1000 && !there(); ++i) std::this_thread::sleep_for(10ms);
    ASSERT_TRUE(there());
  }
  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  TempFolder folder;
  TestApplication app;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.say(get("/hello"));
    const auto answer = client.hear_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 17\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer, HasSubstr("Date: "));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
    EXPECT_EQ(body_of(answer), R"({"hello":"world"})");
  }
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client(server->port());
  client.say(get("/slow") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
             get("/hello", "Connection: close\r\n"));
  EXPECT_THAT(client.hear_answer(), HasSubstr("slow"));
  EXPECT_EQ(body_of(client.hear_answer()), "abc");
  EXPECT_THAT(client.hear_all(), HasSubstr("world"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, Http10ClosesUnlessAskedNotTo) {
  start();
  RawClient client(server->port());
  client.say("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.hear_answer(), HasSubstr("Connection: keep-alive\r\n"));
  client.say("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.hear_all(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  start();
  RawClient client(server->port());
  client.say("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto answer = client.hear_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 17\r\n"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(ServerTest, CorrelationIsTakenOrMade) {
  start();
  EXPECT_THAT(ask(get("/hello", "X-Correlation-Id: a.B_9-\r\n")), HasSubstr("X-Correlation-Id: a.B_9-\r\n"));
  for (const auto& bad : {std::string("a b"), std::string(65, 'a'), std::string("<script>")})
    EXPECT_THAT(ask(get("/hello", "X-Correlation-Id: " + bad + "\r\n")), Not(HasSubstr("X-Correlation-Id: " + bad)));
  EXPECT_THAT(ask(get("/nothing", "X-Correlation-Id: abc\r\n")), HasSubstr(R"("correlationId":"abc")"));
}

TEST_F(ServerTest, AHandlerThatThrowsIsA500WithoutItsWords) {
  start();
  const auto answer = ask(get("/throws"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("secret")));
  EXPECT_THAT(ask(get("/inject")), Not(HasSubstr("\r\nSet-Cookie")));
}

TEST_F(ServerTest, CompressesLongTextForThoseWhoAsk) {
  start();
  const auto plain = ask(get("/big")), small = ask(get("/big", "Accept-Encoding: gzip\r\n"));
  EXPECT_THAT(plain, HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_THAT(plain, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(small, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(small, HasSubstr("ETag: W/\"big\"\r\n"));
  EXPECT_LT(small.size(), plain.size() / 3);
  EXPECT_THAT(ask(get("/hello", "Accept-Encoding: gzip\r\n")), Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(ask(get("/big", "If-None-Match: W/\"big\"\r\n")), StartsWith("HTTP/1.1 304 "));
}

TEST_F(ServerTest, CorsForConfiguredOriginsOnly) {
  ServerOptions options;
  options.cors.origins = {"https://app.example"};
  start(std::move(options));
  const std::string preflight =
      "OPTIONS /nothing HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: PATCH\r\n"
      "Access-Control-Request-Headers: authorization, upload-offset\r\nOrigin: ";
  const auto allowed = ask(preflight + "https://app.example\r\n\r\n");
  EXPECT_THAT(allowed, StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(allowed, HasSubstr("Access-Control-Allow-Origin: https://app.example\r\n"));
  EXPECT_THAT(allowed, HasSubstr("Access-Control-Allow-Headers: authorization, upload-offset\r\n"));
  EXPECT_THAT(ask(preflight + "https://evil.example\r\n\r\n"), Not(HasSubstr("Access-Control-Allow-Origin")));
  EXPECT_THAT(ask(get("/hello", "Origin: https://app.example\r\n")), HasSubstr("Access-Control-Expose-Headers: "));
  EXPECT_THAT(ask(get("/hello", "Origin: https://evil.example\r\n")), Not(HasSubstr("Access-Control")));
}

TEST_F(ServerTest, RangesAcrossPieces) {
  std::string content;
  for (int i = 0; i < 50'000; ++i) content += static_cast<char>('a' + i % 26);
  app.set_file(content, folder);
  start();
  EXPECT_EQ(body_of(ask(get("/file"))), content);
  const auto part = ask(get("/file", "Range: bytes=10000-40000\r\n"));
  EXPECT_THAT(part, StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(part, HasSubstr("Content-Range: bytes 10000-40000/50000\r\n"));
  EXPECT_EQ(body_of(part), content.substr(10'000, 30'001));
  EXPECT_EQ(body_of(ask(get("/file", "Range: bytes=-7\r\n"))), content.substr(49'993));
  const auto outside = ask(get("/file", "Range: bytes=-0\r\n"));
  EXPECT_THAT(outside, StartsWith("HTTP/1.1 416 "));
  EXPECT_THAT(outside, HasSubstr("Content-Range: bytes */50000\r\n"));
  EXPECT_THAT(ask(get("/file", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask(get("/file", "Range: bytes=0-1\r\nIf-Range: \"f1\"\r\n")), StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(ask(get("/file", "If-None-Match: \"f1\"\r\nRange: bytes=0-1\r\n")), StartsWith("HTTP/1.1 304 "));
  EXPECT_THAT(ask(get("/file", "If-Match: \"f2\"\r\n")), StartsWith("HTTP/1.1 412 "));
  EXPECT_THAT(ask(get("/growing", "Range: bytes=0-1\r\n")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, OnlyPiecesThatAreSentAreOpened) {
  const std::string content(90'000, 'x');
  app.set_file(content, folder);
  start();
  ask(get("/file", "Range: bytes=31000-31001\r\n"));
  ask(get("/file", "If-None-Match: \"f1\"\r\n"));
  ask("HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(app.pieces_opened, ::testing::ElementsAre(1));
  EXPECT_EQ(body_of(ask(get("/file"))), content);
  EXPECT_THAT(app.pieces_opened, ::testing::ElementsAre(1, 0, 1, 2));
}

TEST_F(ServerTest, APieceThatIsGoneIsAnErrorWhileThatCanBeSaid) {
  const std::string content(90'000, 'x');
  app.set_file(content, folder);
  start();
  app.piece_that_is_gone = 0;
  const auto refused = ask(get("/file"));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(body_of(refused), HasSubstr("A part of this file is gone."));
  EXPECT_THAT(ask(get("/file", "Range: bytes=31000-31001\r\n")), StartsWith("HTTP/1.1 206 "));
  // Once bytes were sent, only the end of the connection tells.
  app.piece_that_is_gone = 2;
  EXPECT_EQ(body_of(ask(get("/file"))), content.substr(0, 45'000));
  EXPECT_THAT(app.log, ::testing::Contains("failed: A part of this file is gone. piece of disk"));
}

TEST_F(ServerTest, ManyRangesBecomePartsOrAreRefused) {
  std::string content(2'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 1000) content[i] = static_cast<char>('a' + i / 1000 % 26);
  app.set_file(content, folder);
  start();
  const auto two = ask(get("/file", "Range: bytes=1000-1002,500000-500001\r\n"));
  EXPECT_THAT(two, HasSubstr("Content-Type: multipart/byteranges; boundary="));
  EXPECT_THAT(two, HasSubstr("Content-Range: bytes 1000-1002/2000000\r\n\r\nbxx\r\n--"));
  EXPECT_THAT(two,
              HasSubstr("Content-Range: bytes 500000-500001/2000000\r\n\r\n" + content.substr(500'000, 2) + "\r\n--"));
  EXPECT_THAT(two, HasSubstr("Content-Type: video/mp4\r\n"));
  std::string apart = "Range: bytes=0-0", overlapping = "Range: bytes=0-";
  for (int i = 1; i < 1000; ++i) {
    apart += fmt::format(",{0}-{0}", i * 2000);
    overlapping += ",0-";
  }
  EXPECT_THAT(ask(get("/file", apart + "\r\n")), StartsWith("HTTP/1.1 416 "));
  const auto once = ask(get("/file", overlapping + "\r\n"));
  EXPECT_THAT(once, StartsWith("HTTP/1.1 206 "));
  EXPECT_EQ(body_of(once).size(), content.size());
}

TEST_F(ServerTest, BodiesOfBothKinds) {
  start();
  EXPECT_EQ(body_of(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")), "hello");
  EXPECT_EQ(body_of(ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: z\r\n\r\n")),
            "hello");
  EXPECT_EQ(body_of(ask("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n")), "");
  std::string long_body(1 << 20, 'b');
  for (std::size_t i = 0; i < long_body.size(); ++i) long_body[i] = static_cast<char>(i * 31 % 251);
  EXPECT_EQ(body_of(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + long_body)), long_body);
  EXPECT_EQ(app.sinks_alive, 0);
}

TEST_F(ServerTest, BodiesBeyondTheLimitEndWith413) {
  start();
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  RawClient chunked(server->port());
  chunked.say("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string piece = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  for (int i = 0; i < 17; ++i) chunked.say(piece);
  const auto answer = chunked.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("1048576"));
  EXPECT_TRUE(chunked.closed());
}

TEST_F(ServerTest, ContinueIsSaidOnlyOnceTheBodyIsWanted) {
  start();
  RawClient wanted(server->port());
  wanted.say("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.say("ab");
  EXPECT_EQ(body_of(wanted.hear_answer()), "ab");
  RawClient unwanted(server->port());
  unwanted.say("PUT /picky HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const auto answer = unwanted.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(ask("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n"),
              StartsWith("HTTP/1.1 417 "));
}

TEST_F(ServerTest, AnEarlyAnswerReachesAClientThatStillSends) {
  start();
  RawClient client(server->port());
  client.say("PUT /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + std::string(1'000'000, 'x'));
  EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 409 "));
  EXPECT_EQ(app.sinks_alive, 0);
  // A small body that nobody wants leaves the connection usable.
  RawClient small(server->port());
  small.say("POST /picky HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET " + get("/hello"));
  EXPECT_THAT(small.hear_answer(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(small.hear_answer(), HasSubstr("world"));
}

constexpr std::string_view kCostly = "POST /costly HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

TEST_F(ServerTest, WhatIsSlowKeepsNobodyElseWaiting) {
  ServerOptions options;
  options.work_threads = options.slow_threads = 1;
  start(options);
  std::vector<std::unique_ptr<RawClient>> costly;
  for (int i = 0; i < 5; ++i) {
    costly.push_back(std::make_unique<RawClient>(server->port()));
    costly.back()->say(kCostly);
  }
  wait_for([this] { return server->load().waiting_slow == 4; });
  for (int i = 0; i < 3; ++i) EXPECT_THAT(ask(get("/hello")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(app.running, 1);
  app.open_costly();
  for (auto& client : costly) EXPECT_THAT(client->hear_answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, AFullSlowLaneSaysSoAndLeavesRoomForOtherAddresses) {
  ServerOptions options;
  options.slow_threads = 1;
  options.limits.slow_requests = 4;
  start(options);
  RawClient running(server->port()), second(server->port()), third(server->port()), late(server->port());
  running.say(kCostly);
  wait_for([this] { return app.running == 1; });
  second.say(kCostly);
  third.say(kCostly);
  wait_for([this] { return server->load().waiting_slow == 2; });
  late.say(kCostly);
  const auto refused = late.hear_answer();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: "));
  EXPECT_THAT(body_of(refused), HasSubstr("try again"));
  late.say(get("/hello"));
  EXPECT_THAT(late.hear_answer(), StartsWith("HTTP/1.1 200")) << "the connection is as good as before";
  app.open_costly();
  for (auto* client : {&running, &second, &third}) EXPECT_THAT(client->hear_answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, WhatIsInstantWaitsForNoHandler) {
  app.set_file("a film", folder);
  ServerOptions options;
  options.io_threads = options.work_threads = 1;
  start(options);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->say(get("/slow"));
  }
  wait_for([this] { return server->load().waiting_requests >= 15; });
  EXPECT_EQ(body_of(ask(get("/file"))), "a film");
  EXPECT_GE(server->load().waiting_requests, 10u) << "three seconds of handlers are left";
  for (auto& client : slow) EXPECT_THAT(client->hear_answer(), StartsWith("HTTP/1.1 200"));
}

TEST(SlowLane, NamesTakeTurns) {
  SlowLane lane(10);
  std::string order;
  for (const char* name : {"a", "a", "a", "a", "b", "c", "b"})
    lane.post(name, [&order, name](bool taken) { order += taken ? name : "-"; });
  lane.start(1);
  lane.stop();
  EXPECT_EQ(order, "abcabaa");
}

TEST_F(ServerTest, ABodyIsTakenNoFasterThanItsSink) {
  app.swallow_delay_ms = 20;
  start();
  RawClient client(server->port());
  client.say("PUT /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n");
  // Without back-pressure all of this would be taken at once.
  const std::string piece(100'000, 'x');
  std::int64_t said = 0;
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) {
    const auto put = ::send(client.fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0) said += put;
    if (put < 0) std::this_thread::sleep_for(1ms);
  }
  EXPECT_LT(said, 60'000'000);
  EXPECT_GT(app.swallowed.load(), 0);
  client.hang_up();
  for (int i = 0; i < 500 && app.sinks_alive > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(app.sinks_alive, 0) << "the sink of a client that went away is destroyed";
}

}  // namespace
}  // namespace vf::http::testing
