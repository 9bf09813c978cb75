// Answers: JSON, and problems (RFC 9457, application/problem+json) with code, correlation id and the
// places of bad fields. An internal fault says nothing of what happened inside; the log does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "http/message/message.h"

namespace vf::http {

// What is wrong with one field: a JSON pointer (RFC 6901) into the body, and a sentence.
struct FieldProblem {
  std::string pointer;
  std::string message;
};

// `code` is our stable word for it ("not_found", "method_not_allowed"); `detail` one sentence that names
// what is wrong and what to do. `more`: members of its own kind (RFC 9457 3.2).
Response problem(const Request& request, int status, std::string_view code, std::string_view detail,
                 const std::vector<FieldProblem>& errors = {}, const json::object& more = {});

// From an Error: its code decides the status; with a pointer it becomes errors[]. 503 carries Retry-After.
Response problem(const Request& request, const Error& error);

// The stable word that stands for a status alone: 404 -> "not_found".
std::string code_of(int status);

Response json_response(int status, const json::value& value);
Response json_text_response(int status, std::string text);  // that is JSON already

// 204: done, and there is nothing to show.
Response no_content();

// The handler's whole answer from a Result: `status` with the value as JSON, or the problem.
template <typename T>
Response json_or_problem(const Request& request, int status, const Result<T>& result) {
  return result ? json_response(status, to_json(*result)) : problem(request, result.error());
}

}  // namespace vf::http
