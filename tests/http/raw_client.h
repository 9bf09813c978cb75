// A client that says exactly the bytes it is told, and hears everything: for tests of what no library
// would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace vf::http::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  bool say(std::string_view text) {
    while (!text.empty()) {
      const auto put = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  void hang_up() { fd_.reset(); }

  // Until the other end closes or `time` is over without a byte.
  std::string hear_all(std::chrono::milliseconds time = std::chrono::seconds(10)) {
    while (hear_more(time)) {
    }
    return std::exchange(heard_, {});
  }
  // Until that text was heard; gives everything up to its end. Empty: it never came.
  std::string hear_until(std::string_view text, std::chrono::milliseconds time = std::chrono::seconds(10)) {
    while (true) {
      if (const auto at = heard_.find(text); at != std::string::npos) {
        auto out = heard_.substr(0, at + text.size());
        heard_.erase(0, at + text.size());
        return out;
      }
      if (!hear_more(time)) return {};
    }
  }
  // One answer with a Content-Length.
  std::string hear_answer() {
    auto head = hear_until("\r\n\r\n");
    const auto field = head.find("Content-Length: ");
    if (field == std::string::npos) return head;
    const auto size = std::stoull(head.substr(field + 16));
    while (heard_.size() < size && hear_more(std::chrono::seconds(10))) {
    }
    head += heard_.substr(0, size);
    heard_.erase(0, size);
    return head;
  }
  bool closed() const { return closed_; }

 private:
  bool hear_more(std::chrono::milliseconds time) {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(time.count())) <= 0) return false;
    char bytes[65536];
    const auto got = recv(fd_.get(), bytes, sizeof bytes, 0);
    closed_ = got <= 0;
    if (got > 0) heard_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }
  UniqueFd fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string heard_;
};

}  // namespace vf::http::testing
