#include <memory>

#include <fmt/format.h>

#include "cmd/command.h"
#include "cmd/server_options.h"

namespace vf::cmd {
namespace {

int show(const ServerCommand& command, const OutputOptions& output) {
  const auto config = load_config(command);
  if (!config) return report_error(config.error(), output);
  json::array rows;
  for (const auto& setting : app::settings()) {
    const auto& value = config->value(setting.key);
    const auto text = setting.secret && !value.text.empty() ? std::string("(hidden)") : value.text;
    if (output.json)
      rows.push_back(json::object{{"setting", setting.key}, {"value", text}, {"origin", value.origin}});
    else
      fmt::print("{:<38} {:<24} {}\n", setting.key, text.empty() ? "\"\"" : text, value.origin);
  }
  if (output.json) print_json(rows);
  return 0;
}

int check(const ServerCommand& command, const OutputOptions& output) {
  const auto config = load_config(command);
  if (!config) return report_error(config.error(), output);
  if (output.json)
    print_json(json::object{{"ok", true}});
  else
    fmt::print("The configuration is right.\n");
  return 0;
}

}  // namespace

void add_config(CLI::App& parser, Session& session) {
  auto options = std::make_shared<ServerCommand>();
  auto output = std::make_shared<OutputOptions>();
  auto* command = parser.add_subcommand("config", "the settings of a server: what they are and where they come from");
  command->footer("Examples:\n  videoforge config show\n  videoforge config check --config videoforge.toml");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto act) {
    auto* sub = command->add_subcommand(name, what);
    add_config_options(*sub, *options);
    sub->add_flag("--json", output->json, "result as JSON");
    sub->callback([&session, options, output, act] {
      session.action = [options, output, act](std::stop_token) { return act(*options, *output); };
    });
  };
  add("show", "every setting with its value and origin; secrets are hidden", show);
  add("check", "whether file, environment and flags are right", check);
  add("reference", "the reference page, in Markdown", [](const ServerCommand&, const OutputOptions&) {
    fmt::print("{}", app::configuration_reference());
    return 0;
  });
}

}  // namespace vf::cmd
