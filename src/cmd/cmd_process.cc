#include <set>

#include <fmt/format.h>

#include "app/output_file.h"
#include "app/process.h"
#include "cmd/arguments.h"
#include "cmd/command.h"

namespace vf::cmd {
namespace {

struct ProcessCommand {
  CommonOptions common;
  std::vector<std::string> inputs;
  std::string output, quality, scale, crop, watermark, subtitles;
  std::vector<std::string> filters;
  std::optional<double> speed, fps, volume, loudness;
  bool force = false;
};

// "burn:LANG" or "burn:FILE".
Result<void> subtitles_of(const std::string& text, app::ProcessRequest& request) {
  if (!text.starts_with("burn:") || text.size() == 5)
    return wrong("--subtitles", text, "burn:de (the film's own) or burn:film.srt (a file)");
  const auto what = text.substr(5);
  // A language tag is short and has no dot; anything else is a file.
  if (what.find_first_of("./") == std::string::npos && what.size() <= 8) {
    request.options.burn_language = what;
  } else {
    request.options.burn_file = true;
    request.subtitle_file = what;
  }
  return {};
}

// What all files of the command share.
Result<app::ProcessRequest> common_request(const ProcessCommand& c) {
  app::ProcessRequest request;
  request.replace = c.force;
  auto& o = request.options;
  if (!c.quality.empty()) o.quality = c.quality;
  if (!c.scale.empty()) o.scale = c.scale;
  if (!c.crop.empty()) o.crop = VF_TRY(crop_of(c.crop));
  if (!c.watermark.empty()) o.watermark = VF_TRY(watermark_of(c.watermark, request.watermark));
  if (!c.subtitles.empty()) VF_CHECK(subtitles_of(c.subtitles, request));
  o.speed = c.speed.value_or(1);
  o.fps = c.fps;
  o.volume = c.volume;
  o.loudness = c.loudness;
  for (const auto& filter : c.filters) o.filters.push_back(VF_TRY(media::effects::parse_effect(filter)));
  VF_CHECK(pipeline::check(o));
  return request;
}

// In a folder a file keeps its name, and its kind where that can be written.
std::filesystem::path name_in_folder(const std::filesystem::path& folder, const std::filesystem::path& input) {
  const auto kind = container_argument(input.filename());
  return folder / (input.stem().string() + "." + kind.value_or("mp4"));
}

Result<std::vector<app::ProcessRequest>> to_requests(const ProcessCommand& c) {
  const auto shared = VF_TRY(common_request(c));
  const bool folder = std::filesystem::is_directory(c.output);
  if (c.inputs.size() > 1 && !folder)
    return fail(ErrorCode::invalid_argument,
                fmt::format("Several films need a folder that exists; '{}' is none. Make it, or name another with -o.",
                            c.output));
  std::vector<app::ProcessRequest> out;
  std::set<std::filesystem::path> taken;
  for (const auto& input : c.inputs) {
    auto request = shared;
    request.input = input;
    request.output = folder ? name_in_folder(c.output, input) : std::filesystem::path(c.output);
    request.options.container = VF_TRY(container_argument(request.output));
    if (!taken.insert(request.output).second)
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("Two of the films would become '{}'. Process them into two folders.", request.output.string()));
    VF_CHECK(app::check_output_file(request.output, request.replace,
                                    std::vector<std::filesystem::path>(c.inputs.begin(), c.inputs.end())));
    out.push_back(std::move(request));
  }
  return out;
}

void print_plan(const pipeline::ProcessPlan& plan) {
  for (const auto& d : plan.decisions)
    fmt::print(stderr, "  #{} {:<9} {:<7} {:<15} {}\n", d.stream, d.kind, d.action, d.target, d.reason);
}

void print_report(const json::value& report, const std::filesystem::path& output) {
  const auto& all = report.as_object();
  const auto& timing = all.at("timing").as_object();
  const auto& proof = all.at("proof").as_object();
  for (const auto& w : all.at("warnings").as_array())
    fmt::print("  ! {}\n", std::string_view(w.as_object().at("message").as_string()));
  fmt::print("{}: {}, {}", output.string(), human_seconds(all.at("duration_seconds").to_number<double>()),
             human_bytes(all.at("file").as_object().at("bytes").to_number<std::int64_t>()));
  const auto compared = proof.at("compared").to_number<std::int64_t>();
  if (compared > proof.at("identical").to_number<std::int64_t>())
    fmt::print(", SSIM {:.4f} (least {:.4f})", proof.at("ssim_mean").to_number<double>(),
               proof.at("ssim_min").to_number<double>());
  fmt::print("\nDone in {} ({:.2f}x, {} of CPU). Verified by decoding.\n",
             human_seconds(timing.at("wall_seconds").to_number<double>()), timing.at("speed").to_number<double>(),
             human_seconds(timing.at("cpu_seconds").to_number<double>()));
}

Result<json::value> process_one(app::Engine& engine, const app::ProcessRequest& request, const ProcessCommand& command,
                                const std::stop_token& stop) {
  const auto& output = command.common.output;
  ProgressReporter progress(output);
  app::ProcessObserver observer{progress.observer(), {}};
  observer.on_plan = [&](const pipeline::ProcessPlan& plan) {
    progress.finish();
    if (output.json || output.quiet) return;
    if (command.inputs.size() > 1) fmt::print(stderr, "{}\n", request.input.string());
    print_plan(plan);
  };
  return app::process(engine, request, observer, stop);
}

json::value error_object(const app::ProcessRequest& request, const Error& error) {
  return json::object{
      {"source", json::object{{"name", request.input.filename().string()}}},
      {"error", json::object{{"code", std::string(to_string(error.code))}, {"message", error.message}}}};
}

int run(const ProcessCommand& command, std::stop_token stop) {
  const auto& output = command.common.output;
  const auto requests = to_requests(command);
  if (!requests) return report_error(requests.error(), output);
  auto engine = app::Engine::open(engine_options(command.common));
  if (!engine) return report_error(engine.error(), output);
  const bool many = requests->size() > 1;
  int status = 0;
  json::array reports;
  for (const auto& request : *requests) {
    const auto report = process_one(*engine, request, command, stop);
    if (!report && !many) return report_error(report.error(), output);
    if (report) {
      reports.push_back(*report);
      if (!output.json) print_report(*report, request.output);
      continue;
    }
    // One film that cannot be read is no reason to leave the others.
    if (status == 0) status = exit_status(report.error().code);
    reports.push_back(error_object(request, report.error()));
    fmt::print(stderr, "videoforge: {}: {}\n", request.input.string(), report.error().message);
    if (report.error().code == ErrorCode::cancelled) break;
  }
  if (output.json) print_json(many ? json::value(json::object{{"files", reports}}) : reports.front());
  return status;
}

std::string filter_help() {
  std::string out = "Filters (--filter NAME or NAME=VALUE, applied in the order given):\n";
  for (const auto& row : media::effects::effect_rows()) {
    std::string form(row.name);
    for (std::size_t i = 0; i < row.parameters.size(); ++i)
      form += fmt::format("{}{}", i == 0 ? "=" : row.name == "pad" ? "x" : ",", row.parameters[i].name);
    out += fmt::format("  {:<26} {}\n", form, row.help);
  }
  return out;
}

}  // namespace

void add_process(CLI::App& parser, Session& session) {
  auto command = std::make_shared<ProcessCommand>();
  auto* sub = parser.add_subcommand("process", "convert films to files of another kind, size or look");
  sub->footer(
      "Examples:\n"
      "  videoforge process film.mov -o film.mp4\n"
      "  videoforge process film.mov -o film.webm --scale 720p --quality high\n"
      "  videoforge process film.mp4 -o bright.mp4 --filter denoise --filter brightness=0.1\n"
      "  videoforge process film.mkv -o fast.mkv --speed 1.5 --fps 30 --subtitles burn:de\n"
      "  videoforge process a.mp4 b.mp4 -o folder --watermark logo.png,top-right,0.7 --loudness -16\n\n" +
      filter_help() +
      "\nWhat needs no change is copied, and the report says so: docs/guides/converting.md.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  sub->add_option("input", command->inputs, "one film or several")->required()->type_name("FILE");
  sub->add_option("-o,--output", command->output, "the file to write (.mp4, .mov, .mkv, .webm, .ts), or a folder")
      ->required()
      ->type_name("FILE|DIR");
  sub->add_option("--quality", command->quality, "low, medium or high (default medium, where anything is encoded)")
      ->type_name("Q");
  sub->add_option("--scale", command->scale, "fit into 720p, 1080p, 2k, 4k or WxH, never distorted")->type_name("SIZE");
  sub->add_option("--crop", command->crop, "only a rectangle of the upright picture")->type_name("WxH+X+Y");
  sub->add_option("--watermark", command->watermark, "a picture laid over the video: logo.png,bottom-right,0.8")
      ->type_name("PNG,POS,OPACITY");
  sub->add_option("--subtitles", command->subtitles, "draw subtitles into the pictures: burn:LANG or burn:FILE")
      ->type_name("WAY");
  sub->add_option("--speed", command->speed, "faster (2) or slower (0.5); the sound keeps its pitch")->type_name("N");
  sub->add_option("--fps", command->fps, "pictures a second at most; none is invented")->type_name("N");
  sub->add_option("--volume", command->volume, "louder or softer, in dB")->type_name("DB");
  sub->add_option("--loudness", command->loudness, "bring the sound to this loudness, in LUFS (EBU R128), such as -16")
      ->type_name("LUFS");
  sub->add_option("--filter", command->filters, "change the pictures; may be given several times")
      ->type_name("NAME[=VALUE]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_flag("--force", command->force, "replace files of that name");
  add_common_options(*sub, command->common);
  sub->callback([&session, command] {
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
