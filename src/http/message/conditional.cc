#include "http/message/conditional.h"

#include <fmt/format.h>

#include "http/message/fields.h"
#include "http/message/http_date.h"

namespace vf::http {
namespace {

bool is_weak(std::string_view etag) { return etag.starts_with("W/"); }
std::string_view opaque(std::string_view etag) { return is_weak(etag) ? etag.substr(2) : etag; }

bool same(std::string_view a, std::string_view b, bool weak_counts) {
  if (!weak_counts && (is_weak(a) || is_weak(b))) return false;
  return opaque(a) == opaque(b);
}

// Whether any tag of a field's lines is the one that stands there.
bool any_matches(const Request& request, std::string_view field, const Validators& now, bool weak_counts) {
  for (const auto& [name, value] : request.headers.fields()) {
    if (!equal_ignoring_case(name, field)) continue;
    for (const auto tag : split_list(value)) {
      if (tag == "*" && now.exists) return true;
      if (!now.etag.empty() && same(tag, now.etag, weak_counts)) return true;
    }
  }
  return false;
}

bool reads(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

// The order is RFC 9110 13.2.2's.
Precondition evaluate(const Request& request, const Validators& now) {
  if (request.headers.find("If-Match")) {
    if (!any_matches(request, "If-Match", now, false)) return Precondition::failed;
  } else if (const auto since = parse_http_date(request.headers.get("If-Unmodified-Since")); since && now.modified) {
    if (*now.modified > *since) return Precondition::failed;
  }
  if (request.headers.find("If-None-Match")) {
    if (any_matches(request, "If-None-Match", now, true))
      return reads(request) ? Precondition::not_modified : Precondition::failed;
  } else if (const auto since = parse_http_date(request.headers.get("If-Modified-Since"));
             since && now.modified && reads(request)) {
    if (*now.modified <= *since) return Precondition::not_modified;
  }
  return Precondition::go_on;
}

bool range_applies(const Request& request, const Validators& now) {
  const auto* field = request.headers.find("If-Range");
  if (!field) return true;
  const auto value = trim(*field);
  if (value.starts_with('"') || is_weak(value)) return !now.etag.empty() && same(value, now.etag, false);
  const auto date = parse_http_date(value);
  return date && now.modified && *date == *now.modified;
}

std::string strong_etag(std::string_view text) { return fmt::format("\"{}\"", text); }
std::string weak_etag(std::string_view text) { return fmt::format("W/\"{}\"", text); }

}  // namespace vf::http
