// Clients that mean harm or are broken: what two servers could read in two ways, what never ends, and
// what there is too much of (security.md 28 and 29).
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/raw_client.h"
#include "http/server/server.h"
#include "http/test_application.h"

namespace vf::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

bool full() { return std::getenv("VIDEOFORGE_TEST_FULL") != nullptr; }

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class HostileTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.port = 0;
    auto made = Server::listen(std::move(options), app);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  TestApplication app;
  std::unique_ptr<Server> server;
};

struct Case {
  const char* name;
  const char* text;
  int status;
};

// Every one ends with that status and a closed connection, and the handler never hears of it; the second
// request behind it is not served.
constexpr Case kSmuggling[] = {
    {"length and chunked",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunked and length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
    {"two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n", 400},
    {"two equal lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
    {"list of lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n", 400},
    {"signed length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", 400},
    {"negative length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"hexadecimal length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n", 400},
    {"endless length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
    {"empty length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400},
    {"unknown coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 400},
    {"two codings", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
    {"coding twice",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"coding and identity",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"almost chunked", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
    {"vertical tab",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
     "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"coding in 1.0", "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"space before colon", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
    {"tab before colon", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length\t: 0\r\n\r\n", 400},
    {"folded line", "POST /echo HTTP/1.1\r\nHost: a\r\nX: b\r\n Content-Length: 4\r\n\r\n", 400},
    {"folded coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
    {"field begins with a space", "POST /echo HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"bare LF after the request line", "GET /hello HTTP/1.1\nHost: a\r\n\r\n", 400},
    {"bare LF after a field", "GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
    {"bare LF at the end", "GET /hello HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"bare CR in a field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400},
    {"no name", "GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
    {"no colon", "GET /hello HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400},
    {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
    {"two hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"host with a path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"host with user", "GET /hello HTTP/1.1\r\nHost: b@a\r\n\r\n", 400},
    {"two spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tab for space", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"no version", "GET /hello\r\nHost: a\r\n\r\n", 400},
    {"version 2", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 400},
    {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"method with brackets", "G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"traversal", "GET /../hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"encoded traversal", "GET /a/%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"encoded NUL", "GET /hello%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
};

TEST_F(HostileTest, WhatCouldBeReadInTwoWaysIsRefusedAndTheConnectionEnds) {
  start();
  for (const auto& c : kSmuggling) {
    RawClient client(server->port());
    client.say(std::string(c.text) + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.hear_all();
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", c.status))) << c.name;
    EXPECT_EQ(answer.find("\nHTTP/1.1 "), std::string::npos) << c.name << ": the request behind it was served";
    EXPECT_THAT(answer, HasSubstr("application/problem+json")) << c.name;
    EXPECT_TRUE(client.closed()) << c.name;
  }
  EXPECT_EQ(app.opened, 0);
}

TEST_F(HostileTest, BrokenChunksAreRefused) {
  start();
  for (const std::string body : {"x\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
                                 "3\r\nabc\n0\r\n\r\n", "ffffffffffffffffff\r\n", "\r\n", "3;\"\r\nabc\r\n0\r\n\r\n",
                                 "0x3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n", "0\r\nbad trailer\r\n\r\n"}) {
    RawClient client(server->port());
    client.say("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body +
               "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.hear_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << body;
    EXPECT_EQ(answer.find("world"), std::string::npos) << body;
  }
  // A size line, or trailers, that never end.
  for (const std::string start_of_it : {"1;", "0\r\nX: "}) {
    RawClient client(server->port());
    client.say("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + start_of_it +
               std::string(100'000, 'a'));
    EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 400 "));
  }
  EXPECT_EQ(app.sinks_alive, 0);
}

TEST_F(HostileTest, ParserTakesTheSameFromAnyCuts) {
  start();
  const std::string text =
      "\r\nPOST /echo?a=%41 HTTP/1.1\r\nHost: a\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    RawClient client(server->port());
    client.say(text.substr(0, cut));
    if (cut % 8 == 0) std::this_thread::sleep_for(1ms);  // so that the pieces arrive apart now and then
    client.say(text.substr(cut));
    EXPECT_THAT(client.hear_answer(), HasSubstr("\r\n\r\nhi")) << cut;
    EXPECT_THAT(client.hear_answer(), HasSubstr("world")) << cut;
  }
}

TEST_F(HostileTest, TooLongHeadsSayTheLimit) {
  start();
  const auto ask = [&](const std::string& text) {
    RawClient client(server->port());
    client.say(text);
    return client.hear_all();
  };
  const auto long_target = ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(long_target, StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(long_target, HasSubstr("8192"));
  EXPECT_THAT(ask("GET /" + std::string(100'000, 'a')), StartsWith("HTTP/1.1 414 "));
  const auto long_field = ask("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n");
  EXPECT_THAT(long_field, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(long_field, HasSubstr("32768"));
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += fmt::format("A{}: b\r\n", i);
  EXPECT_THAT(ask("GET /hello HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HostileTest, AMillionFieldsEndAtTheLimit) {
  start();
  RawClient client(server->port());
  client.say("GET /hello HTTP/1.1\r\nHost: a\r\n");
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += "A: b\r\n";
  for (int i = 0; i < 1000 && client.say(fields); ++i) {
  }
  EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(app.opened, 0);
}

TEST_F(HostileTest, SlowHeadsAreClosedWhileOthersAreServed) {
  const int clients = full() ? 5000 : 300;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 20'000);
  setrlimit(RLIMIT_NOFILE, &files);
  ServerOptions options;
  options.limits.head_time = 1s;
  start(std::move(options));
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < clients; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(slow.back()->connected()) << i;
    slow.back()->say("GET /hello HTTP/1.1\r\nHost: a\r\nX-");
  }
  RawClient quick(server->port());
  quick.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(quick.hear_answer(), HasSubstr("world"));
  const auto began = Clock::now();
  for (auto& client : slow) {
    EXPECT_THAT(client->hear_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_TRUE(client->closed());
  }
  EXPECT_LT(Clock::now() - began, 60s);
  EXPECT_EQ(app.opened, 1);
}

TEST_F(HostileTest, SlowAndSilentBodiesEnd) {
  ServerOptions options;
  options.limits.body_time = 300ms;
  options.limits.body_rate = 1'000'000;
  start(std::move(options));
  const std::string head = "PUT /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
  RawClient silent(server->port()), drip(server->port());
  silent.say(head + "abc");
  EXPECT_THAT(silent.hear_all(), StartsWith("HTTP/1.1 408 "));
  drip.say(head);
  const auto began = Clock::now();
  while (Clock::now() - began < 20s && drip.say("x")) std::this_thread::sleep_for(50ms);
  EXPECT_LT(Clock::now() - began, 10s) << "a byte now and then keeps no connection";
  for (int i = 0; i < 500 && app.sinks_alive > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(app.sinks_alive, 0);
}

TEST_F(HostileTest, AClientThatDoesNotReadIsGivenUp) {
  vf::test::TempFolder folder;
  app.set_file(std::string(60'000'000, 'x'), folder);
  ServerOptions options;
  options.limits.write_time = 300ms;
  start(std::move(options));
  RawClient client(server->port());
  client.say("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000 && server->load().connections > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server->load().connections, 0u);
}

TEST_F(HostileTest, IdleConnectionsEndAndConnectionsAreBounded) {
  ServerOptions options;
  options.limits.idle_time = 300ms;
  options.limits.connections = 8;
  options.limits.connections_per_address = 4;
  start(std::move(options));
  RawClient idle(server->port());
  idle.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.hear_answer();
  std::vector<std::unique_ptr<RawClient>> more;
  for (int i = 0; i < 3; ++i) {
    more.push_back(std::make_unique<RawClient>(server->port()));
    more.back()->say("GET /hel");
  }
  for (int i = 0; i < 100 && server->load().connections < 4; ++i) std::this_thread::sleep_for(1ms);
  RawClient fifth(server->port());
  const auto answer = fifth.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
  EXPECT_EQ(idle.hear_all(), "");
  EXPECT_TRUE(idle.closed());
}

TEST_F(HostileTest, TooManyWaitingRequestsAre503) {
  ServerOptions options;
  options.work_threads = 1;
  options.limits.waiting_requests = 2;
  start(std::move(options));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(2ms);
  }
  int served = 0, refused = 0;
  for (auto& client : clients) {
    const auto answer = client->hear_answer();
    served += answer.starts_with("HTTP/1.1 200 ");
    refused += answer.starts_with("HTTP/1.1 503 ") && answer.find("Retry-After: ") != std::string::npos;
  }
  EXPECT_EQ(served + refused, 12);
  EXPECT_GE(served, 2);
  EXPECT_GE(refused, 5);
}

TEST_F(HostileTest, NoDescriptorIsLeftBehind) {
  vf::test::TempFolder folder;
  app.set_file(std::string(3'000'000, 'x'), folder);
  start();
  for (int i = 0; i < 8; ++i) {  // each loop opens its own with its first connection
    RawClient client(server->port());
    client.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client.hear_answer();
  }
  for (int i = 0; i < 1000 && server->load().connections > 0; ++i) std::this_thread::sleep_for(10ms);
  const auto before = open_descriptors();
  for (int i = 0; i < 200; ++i) {
    RawClient client(server->port());
    switch (i % 5) {
      case 0:
        client.say("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        break;  // leaves in the middle
      case 1:
        client.say("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
        break;
      case 2:
        client.say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
        break;
      case 3:
        client.say("nonsense");
        break;
      case 4:
        client.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), client.hear_answer();
        break;
    }
  }
  for (int i = 0; i < 1000 && server->load().connections > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server->load().connections, 0u);
  EXPECT_EQ(server->load().event_streams, 0u);
  EXPECT_EQ(app.sinks_alive, 0);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace vf::http::testing
