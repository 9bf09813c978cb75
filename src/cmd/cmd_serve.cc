#include <memory>

#include <fmt/format.h>

#include "app/platform/serve.h"
#include "app/platform/work.h"
#include "cmd/command.h"
#include "cmd/server_options.h"

namespace vf::cmd {
namespace {

void greet(const app::Started& started) {
  fmt::print("VideoForge {} answers at {}\n", VIDEOFORGE_VERSION, started.url);
  if (started.slots == 0) fmt::print("It has no worker of its own; start one with: videoforge worker --data DIR\n");
  if (!started.bootstrap_token.empty())
    fmt::print(
        "\nNobody has an account yet. The first one becomes the administrator, with this token (good until then):\n\n"
        "  {}\n\n"
        "  curl {}/api/auth/register -H 'Content-Type: application/json' \\\n"
        "    -d '{{\"username\": \"admin\", \"password\": \"...\", \"bootstrapToken\": \"{}\"}}'\n",
        started.bootstrap_token, started.url, started.bootstrap_token);
  std::fflush(stdout);
}

int serve(const ServerCommand& command, std::stop_token stop) {
  auto config = load_config(command);
  if (!config) return report_error(config.error(), {});
  const auto served = app::serve(*config, std::move(stop), greet);
  return served ? 0 : report_error(served.error(), {});
}

int work(const ServerCommand& command, std::stop_token stop) {
  auto config = load_config(command);
  if (!config) return report_error(config.error(), {});
  const auto worked = app::work(*config, std::move(stop), [](const app::Working& started) {
    fmt::print("This worker takes up to {} stages at a time.\n", started.slots);
    if (!started.url.empty()) fmt::print("Its health and figures: {0}/ready, {0}/metrics\n", started.url);
    std::fflush(stdout);
  });
  return worked ? 0 : report_error(worked.error(), {});
}

}  // namespace

void add_config_options(CLI::App& command, ServerCommand& options) {
  command.add_option("--config", options.file, "TOML file with settings (videoforge.toml in the data folder)");
  command.add_option("--data", options.data, "folder with everything the server keeps (data)");
}

Result<app::Config> load_config(const ServerCommand& options) {
  app::Config::Flags flags;
  if (!options.data.empty()) flags["data"] = options.data;
  if (!options.listen.empty()) flags["server.listen"] = options.listen;
  if (!options.worker_listen.empty()) flags["worker.listen"] = options.worker_listen;
  if (!options.workers.empty()) flags["worker.slots"] = options.workers;
  return app::Config::load(options.file, flags);
}

void add_serve(CLI::App& parser, Session& session) {
  auto options = std::make_shared<ServerCommand>();
  auto* command = parser.add_subcommand("serve", "uploads, jobs and playback over HTTP, in one process");
  command->footer(
      "Examples:\n  videoforge serve\n  videoforge serve --data /srv/videoforge --listen 0.0.0.0:8080\n"
      "  videoforge serve --workers 0");
  add_config_options(*command, *options);
  command->add_option("--listen", options->listen, "address and port (127.0.0.1:8080)");
  command->add_option("--workers", options->workers,
                      "heavy stages at a time; 0: other processes work (the processors)");
  command->callback([&session, options] {
    session.action = [options](std::stop_token stop) { return serve(*options, std::move(stop)); };
  });
}

void add_worker(CLI::App& parser, Session& session) {
  auto options = std::make_shared<ServerCommand>();
  auto* command = parser.add_subcommand("worker", "works on the jobs of a server beside it, without serving");
  command->footer(
      "Examples:\n  videoforge worker --data /srv/videoforge\n  videoforge worker --workers 4\n"
      "  videoforge worker --listen 127.0.0.1:9100");
  add_config_options(*command, *options);
  command->add_option("--listen", options->worker_listen, "address and port for /health, /ready and /metrics (none)");
  command->add_option("--workers", options->workers, "heavy stages at a time (the processors)");
  command->callback([&session, options] {
    session.action = [options](std::stop_token stop) { return work(*options, std::move(stop)); };
  });
}

}  // namespace vf::cmd
