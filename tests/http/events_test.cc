// Event streams, the stop that drains, and TLS.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/raw_client.h"
#include "http/server/server.h"
#include "http/test_application.h"

namespace vf::http::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

class EventsTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.port = 0;
    auto made = Server::listen(std::move(options), app);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  // Once the answers' last words have been heard by the application.
  std::vector<std::string> log(std::size_t lines) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(app.mutex);
        if (app.log.size() >= lines) return app.log;
      }
      std::this_thread::sleep_for(10ms);
    }
    const std::lock_guard lock(app.mutex);
    return app.log;
  }
  vf::test::TempFolder folder;
  TestApplication app;
  std::unique_ptr<Server> server;
};

TEST_F(EventsTest, WhatWasPublishedBeforeAndAfterIsHeardInOrder) {
  start();
  app.publish("one");
  RawClient client(server->port());
  client.say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.hear_until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(client.hear_until("data: one\n\n"), HasSubstr("id: 0\n"));
  for (int i = 0; i <= 50; ++i) {
    app.publish(fmt::format("n{}", i));
    server->wake("news");
    if (i % 7 == 0)
      EXPECT_THAT(client.hear_until(fmt::format("data: n{}\n\n", i)), HasSubstr(fmt::format("id: {}\n", i + 1)));
  }
  EXPECT_NE(client.hear_until("data: n50\n\n"), "");
  server->wake("nobody listens to this");
  app.publish("last", true);
  server->wake("news");
  EXPECT_THAT(client.hear_all(), EndsWith("data: last\n\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST_F(EventsTest, CommentsKeepTheConnectionAlive) {
  ServerOptions options;
  options.event_keep_alive = 50ms;
  start(std::move(options));
  RawClient client(server->port());
  client.say("GET /events HTTP/1.0\r\n\r\n");
  client.hear_until("\r\n\r\n");
  EXPECT_EQ(client.hear_until(": keep-alive\n\n"), ": keep-alive\n\n");
  EXPECT_EQ(client.hear_until(": keep-alive\n\n"), ": keep-alive\n\n");
}

TEST_F(EventsTest, AClientThatGoesIsForgotten) {
  start();
  {
    RawClient client(server->port());
    client.say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    client.hear_until("\r\n\r\n");
    for (int i = 0; i < 500 && server->load().event_streams == 0; ++i) std::this_thread::sleep_for(2ms);
    EXPECT_EQ(server->load().event_streams, 1u);
  }
  for (int i = 0; i < 500 && server->load().connections > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server->load().event_streams, 0u);
  EXPECT_EQ(server->load().connections, 0u);
}

TEST_F(EventsTest, ManyStreamsAreWokenAtOnce) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    clients.back()->hear_until("\r\n\r\n");
  }
  app.publish("hello all");
  server->wake("news");
  for (auto& client : clients) EXPECT_NE(client->hear_until("hello all"), "");
}

TEST_F(EventsTest, StopDrainsRequestsAndTellsStreamsToComeBack) {
  start();
  RawClient idle(server->port()), slow(server->port()), stream(server->port()), upload(server->port());
  idle.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.hear_answer();
  stream.say("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  stream.hear_until("\r\n\r\n");
  upload.say("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  slow.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 500 && (app.running == 0 || app.sinks == 0); ++i) std::this_thread::sleep_for(1ms);
  const auto port = server->port();
  std::thread late([&] {
    std::this_thread::sleep_for(100ms);
    upload.say("def");
  });
  const auto began = Clock::now();
  server->stop(10s);
  EXPECT_LT(Clock::now() - began, 5s);
  late.join();
  EXPECT_EQ(idle.hear_all(), "");
  EXPECT_THAT(stream.hear_all(), HasSubstr("retry: 2000\n\n"));
  const auto answer = slow.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(upload.hear_all(), EndsWith("abcdef"));
  EXPECT_FALSE(RawClient(port).connected());
}

TEST_F(EventsTest, StopEndsWhatOutlastsItsGrace) {
  start();
  RawClient upload(server->port());
  upload.say("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  for (int i = 0; i < 500 && app.sinks == 0; ++i) std::this_thread::sleep_for(1ms);
  const auto began = Clock::now();
  server->stop(100ms);
  EXPECT_LT(Clock::now() - began, 5s);
  EXPECT_EQ(app.sinks_alive, 0);
  server.reset();
  EXPECT_THAT(app.log, ::testing::ElementsAre("PUT /echo 0 in=3"));
}

TEST_F(EventsTest, EveryExchangeIsReportedOnce) {
  start();
  RawClient client(server->port());
  client.say(
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /none "
      "HTTP/1.1\r\nHost: a\r\n\r\nbad");
  client.say("\r\n\r\n");
  client.hear_all();
  EXPECT_THAT(log(4), ::testing::UnorderedElementsAre("GET /hello 200 in=0", "POST /echo 200 in=3",
                                                      "GET /none 404 in=0", "  400 in=0"));
}

TEST_F(EventsTest, ForwardedAddressesCountFromProxiesOnly) {
  ServerOptions options;
  options.proxies.trusted = {*Cidr::parse("127.0.0.0/8")};
  start(std::move(options));
  RawClient client(server->port());
  client.say(
      "GET /who HTTP/1.1\r\nHost: films.example\r\nX-Forwarded-For: 10.0.0.1, 192.0.2.9\r\nX-Forwarded-Proto: "
      "https\r\n\r\n");
  const auto answer = client.hear_answer();
  EXPECT_THAT(answer, HasSubstr(R"({"peer":"192.0.2.9","secure":true,"host":"films.example"})"));
  EXPECT_THAT(answer, HasSubstr("Strict-Transport-Security: "));
}

TEST(Listen, SaysWhatIsWrong) {
  TestApplication app;
  ServerOptions options;
  options.port = 0;
  auto first = Server::listen(options, app);
  ASSERT_TRUE(first);
  options.port = (*first)->port();
  const auto second = Server::listen(options, app);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(options.port)));
  options.address = "localhost.example";
  EXPECT_EQ(Server::listen(options, app).error().code, ErrorCode::invalid_argument);
  options.address = "127.0.0.1";
  options.port = 0;
  options.tls = TlsFiles{"/nonexistent.pem", "/nonexistent.key"};
  EXPECT_THAT(Server::listen(options, app).error().message, HasSubstr("/nonexistent.pem"));
}

// A certificate of our own for localhost.
TlsFiles make_certificate(const vf::test::TempFolder& folder) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  auto* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  const TlsFiles files{folder / "cert.pem", folder / "key.pem"};
  std::FILE* out = std::fopen(files.certificate.c_str(), "w");
  PEM_write_X509(out, certificate);
  std::fclose(out);
  out = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

class TlsClient {
 public:
  TlsClient(std::uint16_t port, int newest) : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, newest);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, raw_.fd());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool connected() const { return connected_; }
  std::string ask(const std::string& text) {
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    std::string out;
    char bytes[16384];
    for (int got; (got = SSL_read(ssl_, bytes, sizeof bytes)) > 0;) out.append(bytes, static_cast<std::size_t>(got));
    return out;
  }

 private:
  RawClient raw_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

TEST_F(EventsTest, TlsServesTextFilesAndBodies) {
  std::signal(SIGPIPE, SIG_IGN);  // for the client's OpenSSL
  std::string content(1'500'000, 'x');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i * 7 % 23);
  app.set_file(content, folder);
  ServerOptions options;
  options.tls = make_certificate(folder);
  start(std::move(options));
  const auto ask = [&](const std::string& text) { return TlsClient(server->port(), TLS1_3_VERSION).ask(text); };
  const auto hello = ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(hello, HasSubstr("world"));
  EXPECT_THAT(hello, HasSubstr("Strict-Transport-Security: "));
  EXPECT_THAT(ask("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("\r\n\r\n" + content));
  EXPECT_THAT(ask("GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=400000-900000\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n" + content.substr(400'000, 500'001)));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" +
                  content.substr(0, 1'000'000)),
              EndsWith("\r\n\r\n" + content.substr(0, 1'000'000)));
  EXPECT_TRUE(TlsClient(server->port(), TLS1_2_VERSION).connected());
  EXPECT_FALSE(TlsClient(server->port(), TLS1_1_VERSION).connected());
  RawClient plain(server->port());
  plain.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(plain.hear_all().find("world"), std::string::npos);
}

}  // namespace
}  // namespace vf::http::testing
