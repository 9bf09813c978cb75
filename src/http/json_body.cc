#include "http/json_body.h"

#include "http/message/fields.h"
#include "http/message/target.h"

namespace vf::http {

std::expected<json::value, Response> read_json(const Call& call) {
  const auto type = parse_parameters(call.request.headers.get("Content-Type"));
  const auto* charset = type.find("charset");
  if (type.value != "application/json" || (charset && !equal_ignoring_case(*charset, "utf-8")))
    return std::unexpected(problem(call.request, 415, code_of(415), "Send JSON, with Content-Type: application/json."));
  if (!is_utf8(call.body))
    return std::unexpected(problem(call.request, 400, "invalid_argument", "The body is not valid UTF-8."));
  auto value = parse_json(call.body);
  if (!value) return std::unexpected(problem(call.request, value.error()));
  return std::move(*value);
}

}  // namespace vf::http
