// The identity provider of the configuration (auth.oidc_*), as accounts take it.
#pragma once

#include <vector>

#include "app/platform/config.h"
#include "auth/oidc.h"

namespace vf::app {

// Empty where none is configured. Errors: invalid_argument (an issuer without a client id).
Result<std::vector<auth::OidcProvider>> identity_providers(const Config& config);

// How providers are asked: over the network, with the deadlines of net::call.
auth::HttpCall ask_over_network();

}  // namespace vf::app
