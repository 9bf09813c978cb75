#include "app/presets.h"
#include "cmd/command.h"

#include <memory>

#include <fmt/format.h>

namespace vf::cmd {

void add_presets(CLI::App& parser, Session& session) {
  auto output = std::make_shared<OutputOptions>();
  auto* command = parser.add_subcommand("presets", "list the built-in presets");
  command->footer(
      "Examples:\n  videoforge presets\n  videoforge transcode film.mov -o out --preset archive\n  videoforge "
      "transcode film.mov -o out --preset my.json");
  command->add_flag("--json", output->json, "the presets as JSON, in the shape that a preset file has");
  command->callback([&session, output] {
    session.action = [output](std::stop_token) {
      const auto presets = app::builtin_presets();
      if (output->json) {
        print_json(to_json(presets));
        return 0;
      }
      for (const auto& preset : presets) fmt::print("{:<10} {}\n", preset.name, preset.description);
      return 0;
    };
  });
}

}  // namespace vf::cmd
