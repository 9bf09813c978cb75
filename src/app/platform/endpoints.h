// Everything that is served, in one list: what the router is made of, and what the contract (api/openapi.yaml)
// is held against by a test.
#pragma once

#include <vector>

#include "http/accounts.h"
#include "http/handlers/handlers.h"

namespace vf::app {

// The accounts and the platform outlive what is given.
std::vector<http::Endpoint> all_endpoints(http::Accounts& accounts, http::Platform& platform, http::SystemParts system);

}  // namespace vf::app
