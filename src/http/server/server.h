// The HTTP/1.1 server: sockets, TLS, and everything of RFC 9110 and 9112 that needs no knowledge of what
// is served. It turns bytes into Requests for an Application and its Responses into bytes.
//
// Owns its threads. All methods are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message/application.h"
#include "http/server/options.h"

namespace vf::http {

class Server {
 public:
  // Listens and serves at once. `application` has to outlive the server. Errors: invalid_argument (address,
  // certificate), conflict (the port is taken), unavailable.
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Application& application);
  ~Server();  // stop(0)

  std::uint16_t port() const;

  // Calls read() of every event stream of that topic. Cheap where there is none.
  void wake(std::string_view topic);

  // Takes no new connections, closes idle ones, tells event streams to come back, lets running requests
  // end within `grace` and closes the rest; returns when all is over. A handler that runs on is waited for.
  void stop(std::chrono::milliseconds grace);

  // For metrics.
  struct Load {
    std::size_t connections = 0;
    std::size_t waiting_requests = 0;
    std::size_t waiting_slow = 0;
    std::size_t event_streams = 0;
  };
  Load load() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vf::http
