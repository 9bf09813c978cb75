#include "app/presets.h"
#include "cmd/command.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace vf::cmd {

namespace {

struct PresetsCommand {
  OutputOptions output;
  std::string name;
};

int run(const PresetsCommand& command) {
  auto presets = app::builtin_presets();
  if (!command.name.empty()) {
    const auto found = std::ranges::find(presets, command.name, &app::Preset::name);
    if (found == presets.end())
      return report_error({ErrorCode::invalid_argument,
                           fmt::format("There is no preset '{}'; `videoforge presets` lists them.", command.name),
                           {}},
                          command.output);
    // With every option, so that a copy shows what can be changed.
    if (const auto options = app::load_preset(found->name)) found->options = to_json(*options);
    print_json(to_json(*found));
  } else if (command.output.json) {
    print_json(to_json(presets));
  } else {
    for (const auto& preset : presets) fmt::print("{:<10} {}\n", preset.name, preset.description);
  }
  return 0;
}

}  // namespace

void add_presets(CLI::App& parser, Session& session) {
  auto options = std::make_shared<PresetsCommand>();
  auto* command = parser.add_subcommand("presets", "list the built-in presets, or print one");
  command->footer(
      "Examples:\n  videoforge presets\n  videoforge presets web > my.json\n  videoforge transcode film.mov -o out "
      "--preset archive\n  videoforge transcode film.mov -o out --preset my.json");
  command->add_option("name", options->name, "print this one, in the shape that a preset file has")->type_name("NAME");
  command->add_flag("--json", options->output.json, "the presets as JSON, in the shape that a preset file has");
  command->callback([&session, options] { session.action = [options](std::stop_token) { return run(*options); }; });
}

}  // namespace vf::cmd
