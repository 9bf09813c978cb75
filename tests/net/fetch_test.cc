#include "net/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "support/temp_folder.h"

namespace vf::net {
namespace {

bool is_public(const char* text) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (inet_pton(AF_INET, text, &in.sin_addr) == 1) return is_public_address(reinterpret_cast<const sockaddr*>(&in));
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, text, &in6.sin6_addr), 1) << text;
  return is_public_address(reinterpret_cast<const sockaddr*>(&in6));
}

TEST(PublicAddress, SpecialRangesAreNotPublicInAnyForm) {
  for (const auto* text : {"127.0.0.1",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "::1",
                           "::",
                           "fe80::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::7f00:1",
                           "2002:7f00:1::",
                           "2001:db8::1",
                           "2001:0::1"})
    EXPECT_FALSE(is_public(text)) << text;
  for (const auto* text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"})
    EXPECT_TRUE(is_public(text)) << text;
}

// A server on loopback that answers each connection with the next of its replies.
class Server {
 public:
  explicit Server(std::vector<std::string> replies)
      : replies_(std::move(replies)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_.get(), 8);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::string url(const std::string& path = "/film.mp4") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int connections() const { return connections_; }

 private:
  void serve() {
    for (const auto& reply : replies_) {
      const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
      if (!client) return;
      ++connections_;
      char request[4096];
      (void)::recv(client.get(), request, sizeof request, 0);
      (void)::send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  }
  std::vector<std::string> replies_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Fetched {
  Result<void> result;
  std::string body;
};

Fetched get(const std::string& url, FetchLimits limits) {
  const test::TempFolder folder;
  const auto fd = create_new(folder / "out");
  auto result = fetch(url, fd->get(), limits, {});
  return {result, *read_whole(fd->get(), 1 << 20)};
}

FetchLimits local() {
  FetchLimits limits;
  limits.allow_private = true;
  return limits;
}

TEST(Fetch, GetsTheBytes) {
  const Server server({ok("hello")});
  const auto got = get(server.url(), local());
  EXPECT_TRUE(got.result);
  EXPECT_EQ(got.body, "hello");
}

TEST(Fetch, ConnectsToNoPrivateAddressUnlessAllowed) {
  const Server server({ok("secret")});
  const auto got = get(server.url(), {});
  ASSERT_FALSE(got.result);
  EXPECT_THAT(got.result.error().message, testing::HasSubstr("private address"));
  EXPECT_EQ(server.connections(), 0);
  EXPECT_FALSE(get("http://localhost:1/", {}).result);
  EXPECT_FALSE(get("http://[::ffff:127.0.0.1]:1/", {}).result);
}

TEST(Fetch, FollowsRedirectsButNotToOtherProtocolsAndNotForEver) {
  const Server file(
      {"HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"});
  const auto refused = get(file.url(), local());
  EXPECT_FALSE(refused.result);
  EXPECT_EQ(refused.body, "");
  const std::string loop = "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
  const Server looping({loop, loop, loop, loop, loop, loop, loop});
  const auto many = get(looping.url(), local());
  ASSERT_FALSE(many.result);
  EXPECT_THAT(many.result.error().message, testing::HasSubstr("redirects more than"));
}

TEST(Fetch, LimitsAndStatusesAreSaid) {
  auto limits = local();
  limits.max_bytes = 3;
  const Server large({ok("hello")});
  EXPECT_EQ(get(large.url(), limits).result.error().code, ErrorCode::limit_exceeded);
  const Server missing({"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(missing.url(), local()).result.error().code, ErrorCode::not_found);
  EXPECT_EQ(get("ftp://127.0.0.1/x", local()).result.error().code, ErrorCode::invalid_argument);
}

TEST(Fetch, ABodyThatEndsEarlyIsAnError) {
  const Server server({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nonly this"});
  EXPECT_FALSE(get(server.url(), local()).result);
}

}  // namespace
}  // namespace vf::net
