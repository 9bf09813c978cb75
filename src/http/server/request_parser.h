// One request from bytes (RFC 9112), by Boost.Beast's parser with what it lets through refused on top:
// whatever two servers could read in two ways ends with 400, so that nothing can be smuggled past a proxy.
//
// No socket and no copy of the body. One parser a request; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/message.h"
#include "http/server/options.h"

namespace vf::http {

struct RequestHead {
  std::string method;
  std::string target;
  Headers headers;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::optional<std::int64_t> content_length;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// Why a request is refused; the connection ends after the answer.
struct Refusal {
  int status = 400;
  std::string reason;
};

class RequestParser {
 public:
  explicit RequestParser(const ServerLimits& limits);
  ~RequestParser();

  // Takes bytes from the front of `bytes` and says how many; the rest has to come again with more behind
  // it. Up to the end of the head at first; then the body's bytes are appended to `body` as views into
  // `bytes`. Bytes after the request's end are not taken.
  std::size_t feed(std::string_view bytes, std::vector<std::span<const std::uint8_t>>& body);

  bool head_done() const;
  bool done() const;
  const std::optional<Refusal>& refusal() const { return refusal_; }
  RequestHead& head() { return head_; }

 private:
  class Callbacks;
  void refuse(int status, std::string reason);
  void count_head(std::string_view taken, std::string_view kept);
  void check_head();

  ServerLimits limits_;
  RequestHead head_;
  std::optional<Refusal> refusal_;
  std::size_t head_bytes_ = 0;
  std::unique_ptr<Callbacks> callbacks_;
};

}  // namespace vf::http
