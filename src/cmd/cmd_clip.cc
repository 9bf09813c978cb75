#include <fmt/format.h>

#include "app/clip.h"
#include "app/output_file.h"
#include "cmd/arguments.h"
#include "cmd/command.h"

namespace vf::cmd {
namespace {

struct ClipCommand {
  CommonOptions common;
  std::string input, output, from, to;
  bool exact = false;
  bool force = false;
};

Result<app::ClipRequest> to_request(const ClipCommand& c) {
  app::ClipRequest request;
  request.input = c.input;
  request.output = c.output;
  request.replace = c.force;
  auto& o = request.options;
  if (!c.from.empty()) o.from = VF_TRY(seconds_argument("--from", c.from));
  if (!c.to.empty()) o.to = VF_TRY(seconds_argument("--to", c.to));
  if (c.from.empty() && c.to.empty())
    return fail(ErrorCode::invalid_argument, "Say where the clip begins (--from) or ends (--to).");
  o.exact = c.exact;
  o.container = VF_TRY(container_argument(request.output));
  VF_CHECK(pipeline::check(o));
  VF_CHECK(app::check_output_file(request.output, request.replace, {request.input}));
  return request;
}

void print_plan(const pipeline::ClipPlan& plan) {
  for (const auto& d : plan.decisions)
    fmt::print(stderr, "  #{} {:<9} {:<7} {:<12} {}\n", d.stream, d.kind, d.action, d.target, d.reason);
  for (const auto& p : plan.pieces)
    fmt::print(stderr, "  {:<7} {:<7} {:>9.3f} s to {:>9.3f} s, {} pictures\n", p.part, p.action, p.from, p.to,
               p.frames);
}

void print_report(const json::value& report, const ClipCommand& command) {
  const auto& all = report.as_object();
  const auto& file = all.at("file").as_object();
  const auto& timing = all.at("timing").as_object();
  for (const auto& w : all.at("warnings").as_array())
    fmt::print("  ! {}\n", std::string_view(w.as_object().at("message").as_string()));
  const double from = all.at("from").to_number<double>();
  const double to = all.at("to").to_number<double>();
  fmt::print("{}: from {:.3f} s to {:.3f} s of the film, {}\n", command.output, from, to,
             human_bytes(file.at("bytes").to_number<std::int64_t>()));
  if (!command.exact) fmt::print("Cut at key frames, nothing was encoded; --exact cuts to the picture.\n");
  fmt::print("Done in {} ({} of CPU). Verified by decoding.\n",
             human_seconds(timing.at("wall_seconds").to_number<double>()),
             human_seconds(timing.at("cpu_seconds").to_number<double>()));
}

Result<json::value> clip(const ClipCommand& command, std::stop_token stop) {
  const auto request = VF_TRY(to_request(command));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  const bool talk = !command.common.output.json && !command.common.output.quiet;
  app::ClipObserver observer{progress.observer(), {}};
  observer.on_plan = [&](const pipeline::ClipPlan& plan) {
    progress.finish();
    if (talk) print_plan(plan);
  };
  return app::clip(engine, request, observer, std::move(stop));
}

int run(const ClipCommand& command, std::stop_token stop) {
  const auto report = clip(command, std::move(stop));
  if (!report) return report_error(report.error(), command.common.output);
  if (command.common.output.json)
    print_json(*report);
  else
    print_report(*report, command);
  return 0;
}

}  // namespace

void add_clip(CLI::App& parser, Session& session) {
  auto command = std::make_shared<ClipCommand>();
  auto* sub = parser.add_subcommand("clip", "cut a part out of a film, without encoding it again");
  sub->footer(
      "Examples:\n"
      "  videoforge clip film.mp4 --from 1:30 --to 2:00 -o part.mp4\n"
      "  videoforge clip film.mkv --from 90 --to 95.5 --exact -o part.mkv\n"
      "  videoforge clip film.mov --to 0:10 --exact -o beginning.mov --force\n\n"
      "Without --exact the clip begins at the last key frame up to --from and nothing is encoded; the\n"
      "report says where it really begins and ends. With --exact only the pictures between a cut and the\n"
      "nearest key frame are encoded, like the source's; the rest is copied bit for bit.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  sub->add_option("input", command->input, "the film")->required()->type_name("FILE");
  sub->add_option("--from", command->from, "where the clip begins: 90, 1:30 or 0:01:30.5 (default: the beginning)")
      ->type_name("T");
  sub->add_option("--to", command->to, "where it ends, on the film's clock (default: the end)")->type_name("T");
  sub->add_flag("--exact", command->exact, "cut to the picture, not at the nearest key frame");
  sub->add_option("-o,--output", command->output, "the file to write: .mp4, .mov, .mkv, .webm or .ts")
      ->required()
      ->type_name("FILE");
  sub->add_flag("--force", command->force, "replace a file of that name");
  add_common_options(*sub, command->common);
  sub->callback([&session, command] {
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
