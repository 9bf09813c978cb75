#include <fmt/format.h>

#include "app/publish.h"
#include "app/thumbnails.h"
#include "cmd/command.h"

namespace vf::cmd {
namespace {

struct ThumbnailsCommand {
  CommonOptions common;
  std::string input;
  std::string output;
  double poster_at = 0;
  bool has_poster_at = false;
};

Result<json::value> thumbnails(const ThumbnailsCommand& command, std::stop_token stop) {
  app::ThumbnailsRequest request{command.input, command.output, {}};
  if (command.has_poster_at) request.options.poster_seconds = command.poster_at;
  VF_CHECK(pipeline::check(request.options));
  VF_CHECK(app::check_output_folder(request.output));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  return app::thumbnails(engine, request, progress.observer(), std::move(stop));
}

int run(const ThumbnailsCommand& command, std::stop_token stop) {
  const auto report = thumbnails(command, std::move(stop));
  if (!report) return report_error(report.error(), command.common.output);
  if (command.common.output.json) {
    print_json(*report);
    return 0;
  }
  for (const auto& w : report->at("warnings").as_array()) fmt::print("  ! {}\n", w.at("message").as_string().c_str());
  for (const auto& file : report->at("files").as_array())
    fmt::print("  {:<16} {:>12}\n", file.at("name").as_string().c_str(),
               human_bytes(file.at("bytes").to_number<std::int64_t>()));
  const auto& timing = report->at("timing");
  fmt::print("Done in {} ({} of CPU): {}\n", human_seconds(timing.at("wall_seconds").to_number<double>()),
             human_seconds(timing.at("cpu_seconds").to_number<double>()), command.output);
  return 0;
}

}  // namespace

void add_thumbnails(CLI::App& parser, Session& session) {
  auto command = std::make_shared<ThumbnailsCommand>();
  auto& c = *command;
  auto* sub = parser.add_subcommand("thumbnails", "a poster, a storyboard and an animated preview of a video");
  sub->footer(
      "Examples:\n"
      "  videoforge thumbnails film.mp4 -o stills\n"
      "  videoforge thumbnails film.mp4 -o stills --poster-at 12.5\n\n"
      "Writes poster.jpg, storyboard.jpg with storyboard.vtt and storyboard.json, preview.webp and report.json.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  sub->add_option("input", c.input, "the video")->required()->type_name("FILE");
  sub->add_option("-o,--output", c.output, "folder: new, empty or an earlier result")->required()->type_name("DIR");
  sub->add_option("--poster-at", c.poster_at,
                  "second of the film whose picture becomes the poster (default: a good one is looked for)")
      ->type_name("SECONDS");
  add_common_options(*sub, c.common);
  sub->callback([&session, command, sub] {
    command->has_poster_at = sub->count("--poster-at") > 0;
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
