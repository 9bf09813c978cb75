// What a browser finds at this server without any other program: a page that uploads and plays ("/"), the
// interactive documentation ("/api-docs") and the contract itself ("/api-spec.yaml", "/api-spec.json").
//
// Everything comes from the binary; nothing is loaded from elsewhere, and a Content-Security-Policy says so.
#pragma once

#include <vector>

#include "http/endpoint.h"

namespace vf::app {

std::vector<http::Endpoint> page_endpoints();

}  // namespace vf::app
