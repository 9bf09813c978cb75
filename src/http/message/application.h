// What the transport serves: one object that decides about each request.
//
// Calls may block on the database or the disk: a bounded number of them runs at once, on threads that serve no
// sockets. Only refuse(), instant() and all calls for instant requests run there, and must not block. Calls for one
// request come one at a time; different requests run at once. An exception that escapes ends its request
// with 500.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "http/message/message.h"

namespace vf::http {

// Takes the body of one request as it comes. Destroyed without finish(): the client went away.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // An answer here ends the exchange early; the rest of the body is not read.
  virtual std::optional<Response> write(std::span<const std::uint8_t> bytes) = 0;
  virtual Response finish() = 0;
};

// What becomes of a request once its head is known. Without a sink `response` is sent at once and a body
// is neither asked for (100-continue) nor read.
struct Opened {
  std::unique_ptr<BodySink> sink;
  std::int64_t body_limit = 0;  // bytes; a longer body ends with 413
  Response response;
  // Whose turn it is in the slow lane, where the sink's finish() then runs: threads of its own and a bounded
  // queue, in which each name has its turn; full, the answer is 503. Empty: with all others.
  std::string slow_turn;
};

class Application {
 public:
  virtual ~Application() = default;
  // Whether everything that this request asks for is in memory or nearly always: it is answered on the thread that
  // read it, while others of that thread wait.
  virtual bool instant(const Request& request) const = 0;
  virtual Opened open(const Request& request) = 0;
  // Told once an answer was sent or given up, for logs and metrics. `status` 0: the client went away first.
  virtual void closed(const Request& request, int status, std::int64_t bytes_in, std::int64_t bytes_out,
                      double seconds) = 0;
  // A file of an answer could not be opened; `what` is for the log.
  virtual void failed(const Request& request, std::string_view what) = 0;
  // The answer where the transport gives up on a request: bad syntax, too long a head or body, too slow,
  // too much at once. Of a request that never became one, `request` holds only peer and correlation.
  virtual Response refuse(const Request& request, int status, std::string_view reason) = 0;
};

}  // namespace vf::http
