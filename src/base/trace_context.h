// Where a piece of work stands in a trace: W3C Trace Context 1 (https://www.w3.org/TR/trace-context/), the value
// that requests, jobs and stages hand on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vf {

struct TraceContext {
  std::string trace;  // 32 lower-case hexadecimal digits
  std::string span;   // 16: of the work itself, and so the parent of what it starts
  bool sampled = false;
};

// "00-<trace>-<span>-01". Nothing for what is no such field (section 3.2.2): then a trace begins here. A version
// that is not known yet is read by its first four parts.
std::optional<TraceContext> parse_traceparent(std::string_view text);
std::string to_traceparent(const TraceContext& context);

// Random, never all zeroes.
std::string new_trace_id();
std::string new_span_id();

// The same for the same text: the span of work that several processes name, for example a job.
std::string span_id_of(std::string_view text);

}  // namespace vf
