#include "cmd/command.h"

namespace vf::cmd {

void add_common_options(CLI::App& command, CommonOptions& options) {
  command.add_flag("--json", options.output.json,
                   "result as JSON on standard output, progress as JSON lines on standard error");
  command.add_flag("-q,--quiet", options.output.quiet, "no progress");
  command
      .add_option("--work", options.engine.work, "folder for work and checkpoints (default: the user's cache folder)")
      ->type_name("DIR");
  command.add_flag("--no-cache", options.no_cache, "ignore what earlier runs left, and leave nothing");
  command
      .add_option("--workers", options.engine.workers,
                  "stages at a time (default: one a processor); never changes the result")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

app::EngineOptions engine_options(const CommonOptions& options) {
  auto engine = options.engine;
  engine.cache = !options.no_cache;
  return engine;
}

}  // namespace vf::cmd
