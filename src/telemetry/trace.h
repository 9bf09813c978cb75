// Traces for OpenTelemetry: spans are collected in memory and sent in the background, so that nobody whose work
// is measured waits for a collector. What does not fit into the queue is dropped and counted.
//
// Wire form: OTLP/HTTP with JSON (opentelemetry-proto 1.x, ExportTraceServiceRequest; ids in hexadecimal,
// 64-bit numbers as strings). Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/trace_context.h"

namespace vf::telemetry {

// The numbers of opentelemetry.proto.trace.v1.Span.SpanKind.
enum class SpanKind { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };

// One piece of work that is over.
struct Span {
  TraceContext context;
  std::string parent;  // span id; empty: the root of its trace
  std::string name;    // of bounded variety: a route, a kind of stage
  SpanKind kind = SpanKind::internal;
  std::int64_t begin_ns = 0;  // Unix nanoseconds
  std::int64_t end_ns = 0;
  json::object attributes;  // strings, whole numbers, doubles and booleans; never a secret
  std::string error;        // why it failed; empty: it did not
};

// The text of one request to a collector. `resource`: what belongs to all spans of this process.
std::string otlp_request(const json::object& resource, const std::vector<Span>& spans);

std::int64_t unix_nanoseconds();

struct TracerOptions {
  json::object resource;  // "service.name" and so on
  double ratio = 1;       // of new traces that are kept, 0 to 1; a caller's own decision goes before it
  std::size_t most_waiting = 8192;
  std::size_t most_at_once = 512;
  std::chrono::milliseconds interval{1000};
  // Sends one request's text; gives the collector's HTTP status. Called by one thread.
  std::function<Result<int>(const std::string& body)> send;
  std::function<void(const Error&)> complain;  // told once when a collector stops answering
};

class Tracer {
 public:
  explicit Tracer(TracerOptions options);
  // Sends what waits; gives up at the first refusal.
  ~Tracer();

  // A span's place: below `parent`, or at the root of a new trace.
  TraceContext begin(const std::optional<TraceContext>& parent) const;
  // Takes what is sampled; never waits.
  void end(Span span);

  std::int64_t sent() const { return sent_; }
  std::int64_t dropped() const { return dropped_; }

 private:
  void work(const std::stop_token& stop);
  bool send(const std::vector<Span>& spans, const std::stop_token& stop);
  std::vector<Span> take();

  TracerOptions options_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Span> waiting_;
  std::atomic<std::int64_t> sent_ = 0;
  std::atomic<std::int64_t> dropped_ = 0;
  bool answering_ = true;
  std::jthread thread_;
};

}  // namespace vf::telemetry
