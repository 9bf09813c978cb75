#include "http/server/cors.h"

#include <algorithm>

#include "http/message/fields.h"

namespace vf::http {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// What a page may read besides the fields that every page may.
constexpr std::string_view kExposed =
    "Content-Range, Accept-Ranges, ETag, Location, Retry-After, Content-Disposition, X-Correlation-Id, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, "
    "Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires, Upload-Defer-Length, "
    "Upload-Video-Id, Upload-Job-Id, Idempotency-Replayed";

bool listed(const CorsOptions& options, std::string_view origin) {
  return std::find(options.origins.begin(), options.origins.end(), origin) != options.origins.end();
}

bool names_only(std::string_view list) {
  const auto names = split_list(list);
  return std::all_of(names.begin(), names.end(), is_token);
}

}  // namespace

void vary_by(Headers& headers, std::string_view name) {
  std::string value(headers.get("Vary"));
  for (const auto have : split_list(value))
    if (have == "*" || equal_ignoring_case(have, name)) return;
  headers.set("Vary", value.empty() ? std::string(name) : value + ", " + std::string(name));
}

void allow_origin(const Request& request, const CorsOptions& options, Headers& headers) {
  if (options.origins.empty()) return;
  vary_by(headers, "Origin");
  const auto origin = request.headers.get("Origin");
  if (origin.empty() || headers.find("Access-Control-Allow-Origin")) return;
  if (listed(options, origin)) {
    headers.add("Access-Control-Allow-Origin", std::string(origin));
    headers.add("Access-Control-Allow-Credentials", "true");
  } else if (listed(options, "*")) {
    headers.add("Access-Control-Allow-Origin", "*");
  } else {
    return;
  }
  headers.add("Access-Control-Expose-Headers", std::string(kExposed));
}

std::optional<Response> answer_preflight(const Request& request, const CorsOptions& options) {
  const auto origin = request.headers.get("Origin");
  if (request.method != "OPTIONS" || origin.empty() || !request.headers.find("Access-Control-Request-Method"))
    return std::nullopt;
  if (!listed(options, origin) && !listed(options, "*")) return std::nullopt;
  Response out;
  out.status = 204;
  out.headers.add("Access-Control-Allow-Methods", std::string(kMethods));
  if (const auto wanted = request.headers.get("Access-Control-Request-Headers"); !wanted.empty() && names_only(wanted))
    out.headers.add("Access-Control-Allow-Headers", std::string(wanted));
  out.headers.add("Access-Control-Max-Age", std::to_string(options.max_age.count()));
  vary_by(out.headers, "Access-Control-Request-Headers");
  return out;
}

}  // namespace vf::http
