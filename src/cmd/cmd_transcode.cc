#include "cmd/transcode_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/publish.h"

namespace vf::cmd {
namespace {

struct TranscodeCommand {
  CommonOptions common;
  TranscodeArguments arguments;
  std::string output;
};

void print_decisions(const std::vector<pipeline::Decision>& decisions) {
  for (const auto& d : decisions)
    fmt::print(stderr, "  #{} {:<9} {:<7} {:<12} {}\n", d.stream, d.kind, d.action, d.target, d.reason);
}

double number(const json::value& v, std::string_view key) {
  const auto* object = v.if_object();
  const auto* found = object ? object->if_contains(key) : nullptr;
  return found && found->is_number() ? found->to_number<double>() : 0;
}

std::string text(const json::value& v, std::string_view key) {
  const auto* object = v.if_object();
  const auto* found = object ? object->if_contains(key) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : "";
}

void print_report(const json::value& report, const std::string& folder) {
  const auto& all = report.as_object();
  for (const auto& r : all.at("renditions").as_array()) {
    fmt::print("  {:<22} {:>4.0f}x{:<4.0f} {:>13} mean {:>13} peak", text(r, "file"), number(r, "width"),
               number(r, "height"), human_bit_rate(static_cast<std::int64_t>(number(r, "mean_bit_rate"))),
               human_bit_rate(static_cast<std::int64_t>(number(r, "peak_bit_rate"))));
    if (const auto* ssim = r.as_object().if_contains("ssim"))
      fmt::print("   SSIM {:.4f} (1st percentile {:.4f})", number(*ssim, "mean"), number(*ssim, "p1"));
    fmt::print("{}\n", r.as_object().contains("copied") && r.at("copied").as_bool() ? "   copied" : "");
  }
  for (const auto& a : all.at("audio").as_array())
    fmt::print("  {:<22} {:<9} {:>13} mean   A/V offset {:+.1f} ms\n", text(a, "file"), text(a, "codec"),
               human_bit_rate(static_cast<std::int64_t>(number(a, "mean_bit_rate"))), number(a, "offset_ms"));
  for (const auto& s : all.at("subtitles").as_array())
    fmt::print("  {:<22} {}\n", text(s, "file"), text(s, "language"));
  for (const auto& w : all.at("warnings").as_array()) fmt::print("  ! {}\n", text(w, "message"));
  const auto& timing = all.at("timing");
  const auto& stages = all.at("stages");
  fmt::print("Done in {} ({:.2f}x, {} of CPU); {:.0f} stages run, {:.0f} reused. Verified by decoding.\n",
             human_seconds(number(timing, "wall_seconds")), number(timing, "speed"),
             human_seconds(number(timing, "cpu_seconds")), number(stages, "run"), number(stages, "reused"));
  const bool dash = std::ranges::any_of(all.at("files").as_array(),
                                        [](const auto& file) { return text(file, "name") == "manifest.mpd"; });
  fmt::print("Play {0}/master.m3u8{1}; look at {0}/index.html\n", folder,
             dash ? fmt::format(" or {}/manifest.mpd", folder) : "");
}

Result<json::value> transcode(const TranscodeCommand& command, std::stop_token stop) {
  auto request = VF_TRY(to_request(command.arguments));
  request.output = command.output;
  VF_CHECK(app::check_output_folder(request.output));
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  ProgressReporter progress(command.common.output);
  const bool talk = !command.common.output.json && !command.common.output.quiet;
  app::TranscodeObserver observer{progress.observer(), {}};
  observer.on_plan = [&](const pipeline::Inspection&, const pipeline::TranscodePlan& plan) {
    progress.finish();
    if (talk) print_decisions(plan.decisions);
  };
  return app::transcode(engine, request, observer, std::move(stop));
}

int run(const TranscodeCommand& command, std::stop_token stop) {
  const auto report = transcode(command, std::move(stop));
  if (!report) return report_error(report.error(), command.common.output);
  if (command.common.output.json)
    print_json(*report);
  else
    print_report(*report, command.output);
  return 0;
}

}  // namespace

void add_transcode(CLI::App& parser, Session& session) {
  auto command = std::make_shared<TranscodeCommand>();
  auto* sub = parser.add_subcommand("transcode", "turn a video into a verified streaming set (HLS and DASH)");
  sub->footer(
      "Examples:\n"
      "  videoforge transcode film.mov -o out\n"
      "  videoforge transcode film.mov -o out --ladder 1080p,480p --quality high\n"
      "  videoforge transcode film.mov -o out --clip 1:30-2:00 --watermark logo.png,top-right,0.7\n"
      "  videoforge transcode film.mkv -o out --codec hevc,h264 --subtitles burn:de --loudness -16\n\n"
      "Writes master.m3u8, manifest.mpd, one file per track, poster.jpg, storyboard.jpg and .vtt,\n"
      "report.json and index.html. Interrupt it at any time: the same command goes on where it stopped.\n"
      "Exit status: 0 done, 2 wrong usage, 3 the input, 4 disk or memory, 5 a fault, 130 interrupted.");
  add_transcode_options(*sub, command->arguments);
  sub->add_option("-o,--output", command->output, "folder for the set: new, empty or an earlier set")
      ->required()
      ->type_name("DIR");
  add_common_options(*sub, command->common);
  sub->callback([&session, command, sub] {
    command->arguments.has_loudness = sub->count("--loudness") > 0;
    command->arguments.has_poster_at = sub->count("--poster-at") > 0;
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
