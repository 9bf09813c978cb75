#include <algorithm>

#include <fmt/format.h>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "app/frames.h"
#include "cmd/arguments.h"
#include "cmd/command.h"

namespace vf::cmd {
namespace {

struct FramesCommand {
  CommonOptions common;
  std::string input;
  std::string output;
  bool force = false;
  bool all = false;
  bool keyframes = false;
  bool scenes = false;
  double fps = 0;
  double every = 0;
  int count = 0;
  std::string at;
  std::string format = "jpeg";
  int quality = 0;
  int width = 0;
  std::vector<std::string> given;  // names of the options that were given
};

bool has(const FramesCommand& c, const char* name) { return std::ranges::find(c.given, name) != c.given.end(); }

Result<std::vector<double>> times_of(const std::string& text) {
  std::vector<std::string> parts;
  boost::split(parts, text, boost::is_any_of(","));
  std::vector<double> out;
  for (const auto& part : parts) {
    const auto time = time_of(part);
    if (!time)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("--at '{}' is not understood. Write it like 10, 1:30.5 or 0.5,2,1:00:00.", text));
    out.push_back(*time);
  }
  return out;
}

constexpr const char* kSelectors[] = {"--all", "--fps", "--every", "--count", "--at", "--keyframes", "--scenes"};

Result<app::FramesRequest> to_request(const FramesCommand& c) {
  app::FramesRequest request;
  request.input = c.input;
  request.output = c.output;
  request.to = app::frames_target(c.output);
  request.replace = c.force;
  auto& o = request.options;
  int selectors = 0;
  for (const char* name : kSelectors)
    if (has(c, name)) {
      ++selectors;
      o.select = name + 2;
    }
  if (selectors > 1)
    return fail(ErrorCode::invalid_argument,
                fmt::format("Only one of {} says which frames are meant.", fmt::join(kSelectors, ", ")));
  o.fps = c.fps;
  o.every_seconds = c.every;
  o.count = c.count;
  if (has(c, "--at")) o.at_seconds = VF_TRY(times_of(c.at));
  o.format = c.format == "jpg" ? "jpeg" : c.format;
  if (has(c, "--quality")) o.quality = c.quality;
  if (has(c, "--width")) o.width = c.width;
  VF_CHECK(pipeline::check(o));
  VF_CHECK(app::check_frames_output(request));
  return request;
}

void print_report(std::FILE* to, const json::value& report) {
  const auto number = [&](const char* key) { return report.at(key).to_number<std::int64_t>(); };
  for (const auto& w : report.at("warnings").as_array())
    fmt::print(to, "  ! {}\n", w.at("message").as_string().c_str());
  const auto& stages = report.at("stages");
  const auto& timing = report.at("timing");
  fmt::print(to, "{} of {} frames, {}x{}, {} in {}: {} ({} of CPU; {} stages run, {} reused)\n", number("frames"),
             number("source_frames"), number("width"), number("height"), human_bytes(number("bytes")),
             report.at("output").as_string().c_str(), human_seconds(timing.at("wall_seconds").to_number<double>()),
             human_seconds(timing.at("cpu_seconds").to_number<double>()), stages.at("run").to_number<std::int64_t>(),
             stages.at("reused").to_number<std::int64_t>());
}

Result<json::value> frames(const FramesCommand& command, std::stop_token stop) {
  const auto request = VF_TRY(to_request(command));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  return app::frames(engine, request, progress.observer(), std::move(stop));
}

// Standard output belongs to the archive where that is where it goes.
int run(const FramesCommand& command, std::stop_token stop) {
  const bool taken = command.output == "-";
  auto output = command.common.output;
  const auto report = frames(command, std::move(stop));
  if (!report) {
    if (taken) output.json = false;
    return report_error(report.error(), output);
  }
  if (output.json && taken)
    fmt::print(stderr, "{}\n", dump(*report));
  else if (output.json)
    print_json(*report);
  else
    print_report(taken ? stderr : stdout, *report);
  return 0;
}

}  // namespace

void add_frames(CLI::App& parser, Session& session) {
  auto command = std::make_shared<FramesCommand>();
  auto& c = *command;
  auto* sub = parser.add_subcommand("frames", "save exact frames as pictures, in a ZIP archive or a folder");
  sub->footer(
      "Examples:\n"
      "  videoforge frames film.mp4 -o frames.zip\n"
      "  videoforge frames film.mp4 -o frames.zip --every 10 --width 640\n"
      "  videoforge frames film.mp4 -o stills --at 12.5,1:30 --format png\n"
      "  videoforge frames film.mp4 -o - --scenes --format webp --quality 85 > scenes.zip\n\n"
      "Without a choice every frame is saved. Pictures are upright, with square pixels, in sRGB; names carry the\n"
      "frame's index and time, and frames.json lists them all. A name that ends with .zip becomes an archive, any\n"
      "other a folder, - standard output. Interrupt it at any time: the same command goes on where it stopped.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  sub->add_option("input", c.input, "the video")->required()->type_name("FILE");
  sub->add_option("-o,--output", c.output, "an archive (.zip), a folder, or - for standard output")
      ->required()
      ->type_name("OUT.zip|DIR|-");
  sub->add_flag("--force", c.force, "replace an archive that exists");
  sub->add_flag("--all", c.all, "every frame (the default)");
  sub->add_option("--fps", c.fps, "N instants a second, and at each the frame on show")->type_name("N");
  sub->add_option("--every", c.every, "the frame on show every so many seconds")->type_name("SECONDS");
  sub->add_option("--count", c.count, "so many frames, evenly spread")->type_name("N");
  sub->add_option("--at", c.at, "the frames on show at these times: 12.5,1:30")->type_name("T1,T2");
  sub->add_flag("--keyframes", c.keyframes, "the key frames");
  sub->add_flag("--scenes", c.scenes, "the first frame of every scene");
  sub->add_option("--format", c.format, "jpeg, png or webp (default jpeg)")->type_name("FORMAT");
  sub->add_option("--quality", c.quality, "1 to 100 (default 90 for jpeg, 80 for webp; png loses nothing)")
      ->type_name("N");
  sub->add_option("--width", c.width, "width of the pictures in pixels; never enlarges")->type_name("N");
  add_common_options(*sub, c.common);
  sub->callback([&session, command, sub] {
    for (const auto* name :
         {"--all", "--fps", "--every", "--count", "--at", "--keyframes", "--scenes", "--quality", "--width"})
      if (sub->count(name) > 0) command->given.emplace_back(name);
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
