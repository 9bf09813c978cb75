// What an HTTP server may be told. Every bound has a default that protects; a refusal names its value.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "http/message/forwarded.h"

namespace vf::http {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, the chain
  std::filesystem::path key;          // PEM
};

// Which web pages of other origins may call us ("https://app.example"). "*": any, but without cookies.
struct CorsOptions {
  std::vector<std::string> origins;
  std::chrono::seconds max_age{600};
};

struct ServerLimits {
  std::size_t head_bytes = 32 * 1024;            // request line and fields; beyond: 431
  std::size_t fields = 100;                      // beyond: 431
  std::size_t target_bytes = 8 * 1024;           // beyond: 414
  std::size_t waiting_requests = 1024;           // for a handler to end; beyond: 503
  std::size_t slow_requests = 256;               // for the slow lane; half of them from one address; beyond: 503
  std::size_t connections = 20'000;              // beyond: 503 and closed
  std::size_t connections_per_address = 0;       // 0: no bound; trusted proxies have none
  std::chrono::milliseconds head_time{10'000};   // from its first byte to its last; TLS handshake too; beyond: 408
  std::chrono::milliseconds idle_time{75'000};   // between requests
  std::chrono::milliseconds body_time{30'000};   // without a byte of the body; beyond: 408
  std::chrono::milliseconds write_time{30'000};  // without a byte taken by the client
  std::int64_t body_rate = 512;  // bytes a second that a body keeps on average after its first body_time
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6; "::" takes both
  std::uint16_t port = 8080;          // 0: any free one
  std::optional<TlsFiles> tls;
  int io_threads = 0;    // that serve sockets; 0: as many as cores, at most 8
  int work_threads = 0;  // handlers that may run at once; 0: twice the cores, 4 to 32
  int slow_threads = 0;  // of the slow lane (slow_lane.h); 0: half of the cores, at least 2, at most the cores
  ServerLimits limits;
  ProxyOptions proxies;
  CorsOptions cors;
  bool compress = true;
  std::chrono::milliseconds event_keep_alive{15'000};
  std::chrono::milliseconds event_retry{2'000};  // what SSE clients are told to wait when the server stops
};

}  // namespace vf::http
