// A worker in a process of its own, beside the server, with its own health and figures over HTTP where it is asked to.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "app/platform/config.h"

namespace vf::app {

struct Working {
  int slots = 0;    // heavy stages at a time
  std::string url;  // where /health, /ready and /metrics are; empty: nowhere
};

// Works until `stop`. Errors: what cannot be opened or listened on.
Result<void> work(const Config& config, std::stop_token stop, const std::function<void(const Working&)>& on_started);

// Returns once `stop` was asked for.
void wait_for(const std::stop_token& stop);

}  // namespace vf::app
