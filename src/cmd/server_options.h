// The options that `serve`, `worker` and `config` share: where the configuration comes from.
#pragma once

#include <string>

#include <CLI/App.hpp>

#include "app/platform/config.h"

namespace vf::cmd {

struct ServerCommand {
  std::string file;
  std::string data;
  std::string listen;
  std::string workers;
  std::string worker_listen;
};

void add_config_options(CLI::App& command, ServerCommand& options);
Result<app::Config> load_config(const ServerCommand& options);

}  // namespace vf::cmd
