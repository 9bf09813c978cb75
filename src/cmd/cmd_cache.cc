#include "app/cache.h"
#include "cmd/command.h"

#include <memory>

#include <fmt/format.h>

namespace vf::cmd {
namespace {

struct CacheOptions {
  CommonOptions common;
  std::string max_size;
};

int show(const CacheOptions& options) {
  const auto report = app::show_cache(options.common.engine.work);
  if (!report) return report_error(report.error(), options.common.output);
  if (options.common.output.json) {
    print_json(to_json(*report));
    return 0;
  }
  fmt::print("{}: {} in {} checkpoints\n", report->folder, human_bytes(report->bytes), report->checkpoints);
  for (const auto& kind : report->kinds)
    fmt::print("  {:<14} {:>6}  {:>12}\n", kind.kind, kind.checkpoints, human_bytes(kind.bytes));
  return 0;
}

int trim(const CacheOptions& options) {
  const auto size = app::parse_size(options.max_size);
  if (!size) return report_error(size.error(), options.common.output);
  const auto report = app::trim_cache(options.common.engine.work, *size);
  if (!report) return report_error(report.error(), options.common.output);
  if (options.common.output.json) {
    print_json(to_json(*report));
    return 0;
  }
  fmt::print("Removed {} checkpoints, freed {}; {} stay.\n", report->removed_checkpoints,
             human_bytes(report->freed_bytes), human_bytes(report->kept_bytes));
  return 0;
}

}  // namespace

void add_cache(CLI::App& parser, Session& session) {
  auto options = std::make_shared<CacheOptions>();
  auto* command = parser.add_subcommand("cache", "show or trim what earlier runs left, so that nothing is done twice");
  command->footer(
      "Examples:\n  videoforge cache show\n  videoforge cache trim --max-size 10G\n  videoforge cache trim --max-size "
      "0");
  command->require_subcommand(1);
  const auto add_place = [&](CLI::App* sub) {
    sub->add_option("--work", options->common.engine.work, "the work folder (default: the user's cache folder)")
        ->type_name("DIR");
    sub->add_flag("--json", options->common.output.json, "result as JSON");
  };
  auto* show_command = command->add_subcommand("show", "how much is kept, by kind of stage");
  add_place(show_command);
  show_command->callback(
      [&session, options] { session.action = [options](std::stop_token) { return show(*options); }; });
  auto* trim_command = command->add_subcommand("trim", "forget the least recently used until it fits");
  add_place(trim_command);
  trim_command->add_option("--max-size", options->max_size, "keep at most this: 500M, 10G, 0")
      ->required()
      ->type_name("SIZE");
  trim_command->callback(
      [&session, options] { session.action = [options](std::stop_token) { return trim(*options); }; });
}

}  // namespace vf::cmd
