#include <memory>

#include <fmt/format.h>

#include "app/analyze.h"
#include "cmd/command.h"
#include "cmd/quality_text.h"

namespace vf::cmd {
namespace {

struct AnalyzeCommand {
  CommonOptions common;
  app::AnalyzeRequest request;
  std::string input;
  std::string output;
};

Result<json::value> analyze(const AnalyzeCommand& command, std::stop_token stop) {
  auto request = command.request;
  request.input = command.input;
  if (!command.output.empty()) request.output = command.output;
  VF_CHECK(check(request.options));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  return app::analyze(engine, request, progress.observer(), std::move(stop));
}

int run(const AnalyzeCommand& command, std::stop_token stop) {
  const auto report = analyze(command, std::move(stop));
  if (!report) return report_error(report.error(), command.common.output);
  if (command.common.output.json)
    print_json(*report);
  else
    print_analysis(*report, command.output);
  return 0;
}

void add_thresholds(CLI::App& sub, pipeline::AnalyzeOptions& o) {
  const auto add = [&sub](const char* name, auto& value, const char* what, const char* unit) {
    sub.add_option(name, value, what)->type_name(unit)->capture_default_str();
  };
  add("--black-threshold", o.black_threshold, "luma up to here is black: 0 to 1 of the luma range", "SHARE");
  add("--black-share", o.black_share, "of a picture that must be black: 0 to 1", "SHARE");
  add("--black-seconds", o.black_seconds, "shortest black passage that is told", "S");
  add("--freeze-noise", o.freeze_noise, "a smaller mean difference is none: -120 to 0", "DB");
  add("--freeze-seconds", o.freeze_seconds, "shortest still passage that is told", "S");
  add("--silence-level", o.silence_level, "silence stays below it: -120 to 0", "DB");
  add("--silence-seconds", o.silence_seconds, "shortest silence that is told", "S");
  add("--clipping-samples", o.clipping_samples, "so many full-scale samples in a row are clipping", "N");
  add("--crop-threshold", o.crop_threshold, "rows and columns that are darker are bars: 0 to 255", "LUMA");
}

}  // namespace

void add_analyze(CLI::App& parser, Session& session) {
  auto command = std::make_shared<AnalyzeCommand>();
  auto* sub = parser.add_subcommand("analyze", "what is wrong with a video's pictures and sound, and when");
  sub->footer(
      "Examples:\n"
      "  videoforge analyze film.mov\n"
      "  videoforge analyze film.mov -o report\n"
      "  videoforge analyze film.mov --json --silence-level -50 --silence-seconds 1\n\n"
      "Finds black, frozen and interlaced passages, bars, damage, missing and repeated pictures, silence,\n"
      "clipping, loudness and the offset of sound to picture. -o writes analysis.json and index.html, a page\n"
      "with a time line. Every member and threshold is explained in docs/guides/quality.md.\n"
      "Exit status: 0 done, whatever was found; 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault,\n"
      "130 interrupted.");
  sub->add_option("input", command->input, "the file to look at")->required()->type_name("FILE");
  sub->add_option("-o,--output", command->output, "folder for the report: new, empty or an earlier report")
      ->type_name("DIR");
  add_thresholds(*sub, command->request.options);
  add_common_options(*sub, command->common);
  sub->callback([&session, command] {
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
