#include <memory>

#include "app/compare.h"
#include "cmd/command.h"
#include "cmd/quality_text.h"

namespace vf::cmd {
namespace {

struct CompareCommand {
  CommonOptions common;
  pipeline::CompareOptions options;
  std::string a;
  std::string b;
  std::string output;
};

Result<json::value> compare(const CompareCommand& command, std::stop_token stop) {
  app::CompareRequest request{command.a, command.b, {}, command.options};
  if (!command.output.empty()) request.output = command.output;
  VF_CHECK(check(request.options));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  return app::compare(engine, request, progress.observer(), std::move(stop));
}

int run(const CompareCommand& command, std::stop_token stop) {
  const auto report = compare(command, std::move(stop));
  if (!report) return report_error(report.error(), command.common.output);
  if (command.common.output.json)
    print_json(*report);
  else
    print_comparison(*report, command.output);
  return 0;
}

}  // namespace

void add_compare(CLI::App& parser, Session& session) {
  auto command = std::make_shared<CompareCommand>();
  auto* sub = parser.add_subcommand("compare", "how near one video is to another: PSNR and SSIM of every picture");
  sub->footer(
      "Examples:\n"
      "  videoforge compare master.mov web.mp4\n"
      "  videoforge compare master.mov web.mp4 -o report\n"
      "  videoforge compare master.mov part.mp4 --align clock --offset 12.5 --json\n\n"
      "Pictures are matched by when they are shown; those without a partner are listed. Size, rotation and\n"
      "colours are brought together first, and what was done is said. -o writes comparison.json and\n"
      "index.html, a page with curves and the worst pictures. See docs/guides/quality.md.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  sub->add_option("a", command->a, "the reference")->required()->type_name("A");
  sub->add_option("b", command->b, "what is held against it")->required()->type_name("B");
  sub->add_option("-o,--output", command->output, "folder for the report: new, empty or an earlier report")
      ->type_name("DIR");
  sub->add_option("--align", command->options.align,
                  "auto; first: first pictures on each other; clock: as the files' times say")
      ->type_name("HOW")
      ->capture_default_str();
  sub->add_option("--offset", command->options.offset_seconds, "seconds added to B's times")
      ->type_name("S")
      ->capture_default_str();
  add_common_options(*sub, command->common);
  sub->callback([&session, command] {
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
