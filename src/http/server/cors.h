// Which other web pages may call us (Fetch standard, "CORS protocol").
#pragma once

#include <optional>

#include "http/message/message.h"
#include "http/server/options.h"

namespace vf::http {

// The answer to a preflight of an origin that is allowed; nothing for every other request.
std::optional<Response> answer_preflight(const Request& request, const CorsOptions& options);

// The fields that let a page of an allowed origin read the answer.
void allow_origin(const Request& request, const CorsOptions& options, Headers& headers);

// Adds a name to Vary, once.
void vary_by(Headers& headers, std::string_view name);

}  // namespace vf::http
