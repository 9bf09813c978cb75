#include "http/message/problem.h"

#include "http/message/fields.h"
#include "http/message/status.h"
#include "http/message/wire_json.h"

namespace vf::http {
namespace {

constexpr std::string_view kRetryAfterSeconds = "5";
constexpr std::string_view kNoSpace =
    "The server's disk is full; nothing was stored. Try again later, or tell whoever runs the server.";
constexpr std::string_view kDisk =
    "The server's disk does not work as it should; nothing was stored. Try again later, or tell whoever runs the "
    "server.";
constexpr std::string_view kInternal =
    "Something went wrong on our side; report it with the correlation id, and try again later.";

// The sentences for whoever runs the engine name the server's folders.
std::string_view outward(const Error& error, int status) {
  if (status == 500) return kInternal;
  if (error.code == ErrorCode::no_access || error.code == ErrorCode::io_error) return kDisk;
  return error.code == ErrorCode::no_space ? kNoSpace : std::string_view(error.message);
}

}  // namespace

std::string code_of(int status) {
  std::string out = lower(reason_phrase(status));
  for (auto& c : out)
    if (c == ' ' || c == '-') c = '_';
  return out;
}

Response problem(const Request& request, int status, std::string_view code, std::string_view detail,
                 const std::vector<FieldProblem>& errors, const json::object& more) {
  json::object body;
  // "about:blank": the title is the status' own, and `code` says more (RFC 9457 4.2.1).
  body["type"] = "about:blank";
  body["title"] = reason_phrase(status);
  body["status"] = status;
  body["detail"] = detail;
  body["code"] = code;
  body["correlationId"] = request.correlation;
  if (!errors.empty()) {
    json::array list;
    for (const auto& error : errors) list.push_back({{"pointer", error.pointer}, {"message", error.message}});
    body["errors"] = std::move(list);
  }
  for (const auto& [name, value] : more) body[name] = value;
  Response out = json_response(status, body);
  out.headers.set("Content-Type", "application/problem+json");
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response problem(const Request& request, const Error& error) {
  const int status = status_of(error.code);
  std::vector<FieldProblem> errors;
  if (!error.pointer.empty()) errors.push_back({error.pointer, error.message});
  auto out = problem(request, status, to_string(error.code), outward(error, status), errors);
  if (status >= 500) out.fault = error.detail.empty() ? error.message : error.message + " " + error.detail;
  if (status == 503) out.headers.set("Retry-After", std::string(kRetryAfterSeconds));
  return out;
}

Response json_response(int status, const json::value& value) { return json_text_response(status, wire_json(value)); }

Response json_text_response(int status, std::string text) {
  Response out;
  out.status = status;
  out.headers.add("Content-Type", "application/json");
  out.body = std::move(text);
  return out;
}

Response no_content() {
  Response out;
  out.status = 204;
  return out;
}

}  // namespace vf::http
