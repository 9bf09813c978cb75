#include "app/platform/tracing.h"

#include <unistd.h>

#include "base/uuid.h"
#include "net/call.h"

namespace vf::app {
namespace {

using telemetry::Span;
using telemetry::SpanKind;

constexpr std::int64_t kMillisecond = 1'000'000;  // in nanoseconds
constexpr int kConnectSeconds = 2;
constexpr int kTotalSeconds = 5;  // a collector that does not answer must not hold up the end of the process

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string job_span(const std::string& job) { return span_id_of("job " + job); }
std::string drive_span(const std::string& job, int round) { return span_id_of(fmt::format("drive {} {}", job, round)); }

// Where the work of a job stands: in the trace that ordered it. Empty: nobody follows it.
std::optional<TraceContext> place_of(const store::Job& job, std::string span) {
  auto place = parse_traceparent(job.trace);
  if (place) place->span = std::move(span);
  return place;
}

Span stage_span(const store::Lease& lease, const store::StageRow& row, const Ran& ran, const std::string& worker) {
  const bool drive = row.stage.kind == "drive";
  Span span;
  // A drive that failed is tried again under its name; only the one that went through may bear it.
  const auto own = drive && !ran.error ? drive_span(lease.job.id, lease.round) : new_span_id();
  span.context = *place_of(lease.job, own);
  span.parent = drive ? job_span(lease.job.id) : drive_span(lease.job.id, lease.round - 1);
  span.name = drive ? "drive" : "stage " + row.stage.kind;
  span.kind = SpanKind::consumer;
  span.begin_ns = ran.begin_ns;
  span.end_ns = telemetry::unix_nanoseconds();
  span.attributes = {{"videoforge.job.id", lease.job.id},        {"videoforge.stage.id", row.stage.id},
                     {"videoforge.stage.attempt", row.attempts}, {"videoforge.round", lease.round},
                     {"videoforge.worker.id", worker},           {"process.pid", ::getpid()}};
  for (const auto& done : ran.done) {
    if (done.id != row.stage.id) continue;
    span.attributes["videoforge.stage.reused"] = done.reused;
    span.attributes["videoforge.stage.cpu_seconds"] = done.usage.cpu_seconds;
    span.attributes["videoforge.stage.peak_memory_bytes"] = done.usage.peak_memory_bytes;
  }
  if (ran.error) span.error = ran.error->message;
  if (!ran.ours) span.error = "The lease was lost: another worker has the stage, or the job was ended.";
  return span;
}

Result<std::vector<std::pair<std::string, std::string>>> header_fields(const Config& config) {
  std::vector<std::pair<std::string, std::string>> out{{"Content-Type", "application/json"}};
  for (const auto& text : config.list("telemetry.otlp_headers")) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || text.find_first_of("\r\n") != std::string::npos)
      return fail(ErrorCode::invalid_argument, "telemetry.otlp_headers: write each field as name=value.");
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

// What is asked every few seconds by machines tells nobody anything.
bool is_probe(std::string_view route) { return route == "/health" || route == "/ready" || route == "/metrics"; }

}  // namespace

Result<std::unique_ptr<telemetry::Tracer>> open_tracer(const Config& config, std::string_view process,
                                                       std::function<void(const Error&)> complain) {
  auto endpoint = config.text("telemetry.otlp_endpoint");
  if (endpoint.empty()) return nullptr;
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
    return fail(ErrorCode::invalid_argument,
                fmt::format("telemetry.otlp_endpoint: '{}' does not begin with http:// or https://.", endpoint));
  while (endpoint.ends_with('/')) endpoint.pop_back();
  telemetry::TracerOptions options;
  options.resource = {{"service.name", config.text("telemetry.service_name")},
                      {"service.version", VIDEOFORGE_VERSION},
                      {"service.instance.id", make_uuid()},
                      {"host.name", host_name()},
                      {"process.pid", ::getpid()},
                      {"videoforge.process", process}};
  options.ratio = config.ratio("telemetry.sample_ratio");
  options.send = [call = net::Call{"POST", endpoint + "/v1/traces", VF_TRY(header_fields(config)), {}}](
                     const std::string& body) mutable -> Result<int> {
    call.body = body;
    return VF_TRY(net::call(call, {.connect_seconds = kConnectSeconds, .total_seconds = kTotalSeconds})).status;
  };
  options.complain = std::move(complain);
  return std::make_unique<telemetry::Tracer>(std::move(options));
}

void begin_request(const telemetry::Tracer& tracer, const http::Request& request) {
  if (!request.trace) return;
  auto& trace = *request.trace;
  const auto parent = request.headers.count("traceparent") == 1 ? parse_traceparent(request.headers.get("traceparent"))
                                                                : std::optional<TraceContext>();
  trace.own = tracer.begin(parent);
  trace.offered = parent.has_value();
  if (parent) trace.parent = parent->span;
}

void end_request(telemetry::Tracer& tracer, const http::Finished& done) {
  const auto& request = done.request;
  const auto route = done.endpoint ? std::string_view(done.endpoint->path) : std::string_view();
  if (!request.trace || !request.trace->own || is_probe(route)) return;
  Span span;
  span.context = *request.trace->own;
  span.parent = request.trace->parent;
  // The template, never the path: that may hold a token, and has no bound.
  span.name = route.empty() ? request.method : fmt::format("{} {}", request.method, route);
  span.kind = SpanKind::server;
  span.begin_ns = request.trace->begin_ns;
  span.end_ns = telemetry::unix_nanoseconds();
  span.attributes = {{"http.request.method", request.method},           {"http.response.status_code", done.status},
                     {"url.scheme", request.secure ? "https" : "http"}, {"client.address", request.peer},
                     {"http.request.body.size", done.bytes_in},         {"http.response.size", done.bytes_out},
                     {"videoforge.correlation_id", request.correlation}};
  if (!route.empty()) span.attributes["http.route"] = route;
  if (done.status >= 500) span.error = fmt::format("answered {}", done.status);
  if (done.status == 0) span.error = "the client went away";
  tracer.end(std::move(span));
}

void trace_lease(telemetry::Tracer& tracer, const std::string& worker, const store::Lease& lease, const Ran& ran) {
  if (!parse_traceparent(lease.job.trace)) return;
  for (const auto& row : lease.stages) tracer.end(stage_span(lease, row, ran, worker));
  if (!ran.outcome.empty()) trace_job(tracer, lease.job, ran.outcome, ran.error ? ran.error->message : "");
}

void trace_job(telemetry::Tracer& tracer, const store::Job& job, std::string_view outcome, const std::string& error) {
  const auto ordered_by = parse_traceparent(job.trace);
  const auto place = place_of(job, job_span(job.id));
  if (!place) return;
  Span span;
  span.context = *place;
  span.parent = ordered_by->span;
  span.name = "job " + job.kind;
  span.begin_ns = job.created_ms * kMillisecond;
  span.end_ns = telemetry::unix_nanoseconds();
  span.attributes = {{"videoforge.job.id", job.id},
                     {"videoforge.job.kind", job.kind},
                     {"videoforge.job.outcome", outcome},
                     {"videoforge.correlation_id", job.correlation}};
  if (job.video) span.attributes["videoforge.video.id"] = *job.video;
  span.error = error;
  tracer.end(std::move(span));
}

}  // namespace vf::app
