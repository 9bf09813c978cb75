#include "telemetry/trace.h"

#include <algorithm>
#include <chrono>

namespace vf::telemetry {
namespace {

constexpr std::string_view kScope = "videoforge";
constexpr int kTries = 3;                                     // of one batch
constexpr auto kFirstPause = std::chrono::milliseconds(500);  // before the second try; doubles
constexpr int kStatusError = 2;                               // Status.StatusCode.STATUS_CODE_ERROR

// AnyValue of opentelemetry.proto.common.v1; 64-bit numbers are strings in proto3's JSON.
json::value any_value(const json::value& value) {
  if (const auto* text = value.if_string()) return json::object{{"stringValue", *text}};
  if (const auto* yes = value.if_bool()) return json::object{{"boolValue", *yes}};
  if (const auto* whole = value.if_int64()) return json::object{{"intValue", std::to_string(*whole)}};
  if (const auto* large = value.if_uint64()) return json::object{{"intValue", std::to_string(*large)}};
  if (const auto* real = value.if_double()) return json::object{{"doubleValue", *real}};
  return json::object{{"stringValue", dump(value)}};
}

json::array key_values(const json::object& attributes) {
  json::array out;
  for (const auto& [key, value] : attributes) out.push_back(json::object{{"key", key}, {"value", any_value(value)}});
  return out;
}

json::object span_json(const Span& span) {
  json::object out{{"traceId", span.context.trace}, {"spanId", span.context.span}};
  if (!span.parent.empty()) out["parentSpanId"] = span.parent;
  out["name"] = span.name;
  out["kind"] = static_cast<int>(span.kind);
  out["startTimeUnixNano"] = std::to_string(span.begin_ns);
  out["endTimeUnixNano"] = std::to_string(span.end_ns);
  out["attributes"] = key_values(span.attributes);
  if (!span.error.empty()) out["status"] = json::object{{"code", kStatusError}, {"message", span.error}};
  return out;
}

// By the OTLP specification, "Failures": these may be tried again.
bool passes(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

std::string otlp_request(const json::object& resource, const std::vector<Span>& spans) {
  json::array list;
  for (const auto& span : spans) list.push_back(span_json(span));
  json::object scope{{"scope", json::object{{"name", kScope}}}, {"spans", std::move(list)}};
  json::object all{{"resource", json::object{{"attributes", key_values(resource)}}},
                   {"scopeSpans", json::array{std::move(scope)}}};
  return dump(json::object{{"resourceSpans", json::array{std::move(all)}}});
}

std::int64_t unix_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Tracer::Tracer(TracerOptions options)
    : options_(std::move(options)), thread_([this](const std::stop_token& stop) { work(stop); }) {}

Tracer::~Tracer() {
  thread_.request_stop();
  thread_.join();
}

TraceContext Tracer::begin(const std::optional<TraceContext>& parent) const {
  if (parent) return {parent->trace, new_span_id(), parent->sampled};
  TraceContext out{new_trace_id(), new_span_id(), false};
  // The last 56 bits are the random ones (Trace Context 2, 3.2.2.3): every process decides alike about a trace.
  const auto bits = std::stoull(out.trace.substr(18), nullptr, 16);
  out.sampled = static_cast<double>(bits) < options_.ratio * 0x1p56;
  return out;
}

void Tracer::end(Span span) {
  if (!span.context.sampled) return;
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= options_.most_waiting) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(span));
  if (waiting_.size() >= options_.most_at_once) wake_.notify_one();
}

std::vector<Span> Tracer::take() {
  const std::scoped_lock lock(mutex_);
  std::vector<Span> out;
  while (!waiting_.empty() && out.size() < options_.most_at_once) {
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return out;
}

void Tracer::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, options_.interval, [this] { return waiting_.size() >= options_.most_at_once; });
    }
    for (auto spans = take(); !spans.empty(); spans = take())
      if (!send(spans, stop)) break;
  }
  for (auto spans = take(); !spans.empty(); spans = take())
    if (!send(spans, stop)) break;
}

// False: the collector does not take them; they are dropped.
bool Tracer::send(const std::vector<Span>& spans, const std::stop_token& stop) {
  const auto body = otlp_request(options_.resource, spans);
  Error error;
  auto pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    const auto status = options_.send(body);
    if (status && *status >= 200 && *status < 300) {
      answering_ = true;
      sent_ += static_cast<std::int64_t>(spans.size());
      return true;
    }
    error = status ? Error{ErrorCode::unavailable, fmt::format("The collector of traces answers {}.", *status), {}, {}}
                   : status.error();
    const bool again = !status || passes(*status);
    if (!again || attempt == kTries || stop.stop_requested()) break;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause, [] { return false; });
    pause *= 2;
  }
  dropped_ += static_cast<std::int64_t>(spans.size());
  if (answering_ && options_.complain) options_.complain(error);
  answering_ = false;
  return false;
}

}  // namespace vf::telemetry
