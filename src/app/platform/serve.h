// The platform in one process: storage, accounts, the HTTP server and the embedded worker, started in that
// order and stopped in the other.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "app/platform/config.h"

namespace vf::app {

struct Started {
  std::string url;              // where it listens
  std::string bootstrap_token;  // for the first admin; empty when there is one
  int slots = 0;                // of the embedded worker; 0: none
};

// Serves until `stop`. `on_started` is called once requests are answered. Errors: what cannot be opened or
// listened on.
Result<void> serve(const Config& config, std::stop_token stop, const std::function<void(const Started&)>& on_started);

}  // namespace vf::app
