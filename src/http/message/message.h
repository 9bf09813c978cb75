// One HTTP exchange as plain values: what handlers see of a request, and what they give back.
// No socket, no thread; the transport (http/server) turns bytes into these and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/trace_context.h"

namespace vf::http {

// Header fields in order; names compare without case (RFC 9110 5.1).
class Headers {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);  // replaces every field of that name
  void remove(std::string_view name);
  // The first value, or nullptr.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  // empty where there is none
  std::size_t count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

using Query = std::vector<std::pair<std::string, std::string>>;

// Where a request stands in a trace. Copies of a request share it, so that a handler which learns what the request
// belongs to can still say so; like the request, it is touched by one thread at a time.
struct RequestTrace {
  std::int64_t begin_ns = 0;        // Unix nanoseconds; 0: nobody has taken the request up
  std::optional<TraceContext> own;  // empty: traces are off
  std::string parent;               // span id; empty: the trace begins here
  bool offered = false;             // the client sent a traceparent
};

// A request without its body.
struct Request {
  std::string method;  // "GET"; upper case
  std::string path;    // percent-decoded once, valid UTF-8, no NUL, no "." or ".." segment, begins with '/'
  Query query;         // decoded, in order
  Headers headers;
  std::string peer;         // address of the client (IPv4 or IPv6 text), seen through configured proxies
  bool secure = false;      // TLS here, or at a configured proxy
  std::string host;         // as the client named us: "videos.example:8080"
  std::string correlation;  // X-Correlation-Id, accepted or made
  std::optional<std::int64_t> content_length;
  std::shared_ptr<RequestTrace> trace;  // nullptr: outside the server

  // What work that this request starts belongs to; empty where nobody follows it.
  std::string traceparent() const;
  // Makes the request a part of earlier work (its traceparent), unless the client has said what it belongs to.
  void join_trace(std::string_view traceparent) const;

  std::string_view query_value(std::string_view name) const;  // the first one; empty where there is none
};

// A part of a file in a body.
struct FilePiece {
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

// Opens what the piece of this number lies in; may block. Only pieces that are sent are opened, each when its turn
// comes: a film of hours has a thousand of them.
using OpenPiece = std::function<Result<UniqueFd>(std::size_t piece)>;

// Bytes at rest: the pieces one after the other. The transport answers ranges (single, multiple, If-Range),
// conditional requests and HEAD from it; a handler always gives the whole.
struct FileBody {
  std::vector<FilePiece> pieces;
  OpenPiece open;
  std::int64_t size = 0;
  bool ranges = true;  // false: a file that still grows
};

// Server-sent events. `read` is called at first and whenever its topic is woken, may block, and gives
// the text of the events after the last ones, already framed ("id: ..\nevent: ..\ndata: ..\n\n"). The
// transport writes comments to keep the connection alive, and ends it when the server stops.
struct EventStream {
  struct Batch {
    std::string text;
    bool end = false;  // nothing comes after these
  };
  std::string topic;
  std::function<Batch()> read;
  std::function<bool()> alive = {};  // asked at every keep-alive; false ends it. May block
};

// Text, a file's bytes, or events.
using Body = std::variant<std::string, FileBody, EventStream>;

struct Response {
  int status = 200;
  Headers headers;  // Content-Type among them; Content-Length, Date, ranges and compression are the transport's
  Body body;
  bool close = false;  // the connection ends after it
  std::string fault;   // what went wrong inside: for the log, never for the wire
};

}  // namespace vf::http
