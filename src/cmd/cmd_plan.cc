#include "cmd/transcode_options.h"

#include <fmt/format.h>

namespace vf::cmd {
namespace {

struct PlanCommand {
  CommonOptions common;
  TranscodeArguments arguments;
};

void print(const app::DryRun& run) {
  const auto& plan = run.plan;
  fmt::print("{}, {}, from {:.3f} s\n", run.info.container, human_seconds(plan.duration_seconds), plan.start_seconds);
  for (const auto& d : plan.decisions)
    fmt::print("  #{} {:<9} {:<7} {:<12} {}\n", d.stream, d.kind, d.action, d.target, d.reason);
  if (!plan.videos.empty())
    fmt::print("{} chunks, {} segments, {} frames\n", plan.cutting.chunks.size(), plan.cutting.segments,
               plan.cutting.frames);
  const auto& p = plan.prediction;
  fmt::print("About {} of CPU, {} of output, {} of disk while it works\n", human_seconds(p.cpu_seconds),
             human_bytes(p.output_bytes), human_bytes(p.peak_disk_bytes));
  for (const auto& warning : run.info.warnings) fmt::print("  ! {}\n", warning.message);
}

Result<app::DryRun> plan(const PlanCommand& command, std::stop_token stop) {
  const auto request = VF_TRY(to_request(command.arguments));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  const app::TranscodeObserver observer{progress.observer(), {}};
  return app::dry_run(engine, request, observer, std::move(stop));
}

int run(const PlanCommand& command, std::stop_token stop) {
  const auto result = plan(command, std::move(stop));
  if (!result) return report_error(result.error(), command.common.output);
  if (command.common.output.json)
    print_json(app::plan_json(*result));
  else
    print(*result);
  return 0;
}

}  // namespace

void add_plan(CLI::App& parser, Session& session) {
  auto command = std::make_shared<PlanCommand>();
  auto* sub = parser.add_subcommand("plan", "what `transcode` would do with the same options, why, and what it costs");
  sub->footer(
      "Examples:\n  videoforge plan film.mov\n  videoforge plan film.mov --ladder 1080p,720p --codec av1 --json\n\n"
      "Encodes a few seconds of the film to measure this machine; the sample is kept for the real run.");
  add_transcode_options(*sub, command->arguments);
  add_common_options(*sub, command->common);
  sub->callback([&session, command, sub] {
    command->arguments.has_loudness = sub->count("--loudness") > 0;
    command->arguments.has_poster_at = sub->count("--poster-at") > 0;
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
