#include "app/engine.h"
#include "app/fetch.h"
#include "app/inspect.h"
#include "cmd/command.h"

#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vf::cmd {
namespace {

struct ProbeCommand {
  CommonOptions common;
  std::string input;
  bool loudness = false;
};

std::string describe(const media::VideoInfo& v) {
  std::vector<std::string> parts{fmt::format("{}x{}", v.width, v.height)};
  if (v.display_width != v.width || v.display_height != v.height)
    parts.push_back(fmt::format("shown as {}x{}", v.display_width, v.display_height));
  if (v.rotation != 0) parts.push_back(fmt::format("turned by {} degrees", v.rotation));
  if (v.mirrored) parts.push_back("mirrored");
  parts.push_back(fmt::format("{:.3f} fps{}", v.average_rate.value(), v.variable_rate ? " (variable)" : ""));
  parts.push_back(fmt::format("{} bit {}", v.bit_depth, v.chroma));
  if (v.color.hdr != "sdr") parts.push_back(v.color.hdr);
  if (v.field_order != "progressive") parts.push_back("interlaced, " + v.field_order);
  parts.push_back(fmt::format("{} frames, key frames every {:.2f} s (at most {:.2f} s)", v.frames, v.gop.mean_seconds,
                              v.gop.max_seconds));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string describe(const media::AudioInfo& a) {
  std::string out =
      fmt::format("{} Hz, {}", a.sample_rate, a.layout.empty() ? fmt::format("{} channels", a.channels) : a.layout);
  if (a.loudness)
    out += fmt::format(", {:.1f} LUFS, range {:.1f} LU, true peak {:.1f} dBTP", a.loudness->integrated_lufs,
                       a.loudness->range_lu, a.loudness->true_peak_dbtp);
  return out;
}

void print(const media::MediaInfo& info) {
  fmt::print("{} ({}), {}, {}, {}\n", info.container, info.container_long, human_seconds(info.duration_seconds),
             human_bytes(info.bytes), human_bit_rate(info.bit_rate));
  for (const auto& s : info.streams) {
    fmt::print("  #{} {:<10} {}{}{}", s.index, s.kind, s.codec, s.profile.empty() ? "" : " " + s.profile,
               s.language == "und" || s.language.empty() ? "" : " [" + s.language + "]");
    if (s.bit_rate > 0) fmt::print(", {} (peak {})", human_bit_rate(s.bit_rate), human_bit_rate(s.peak_bit_rate));
    fmt::print("\n");
    if (s.video) fmt::print("     {}\n", describe(*s.video));
    if (s.audio) fmt::print("     {}\n", describe(*s.audio));
  }
  if (!info.chapters.empty()) fmt::print("  {} chapters\n", info.chapters.size());
  for (const auto& warning : info.warnings) fmt::print("  ! {}\n", warning.message);
}

Result<media::MediaInfo> probe(const ProbeCommand& command, std::stop_token stop) {
  auto engine = VF_TRY(app::Engine::open(engine_options(command.common)));
  std::optional<app::Download> download;
  std::filesystem::path path = command.input;
  if (app::is_url(command.input)) {
    download.emplace(VF_TRY(app::fetch(command.input, engine.work() / "tmp", stop)));
    path = download->path();
  } else if (command.input.find("://") != std::string::npos) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is no address that can be fetched: use http:// or https://.", command.input));
  }
  const auto source =
      VF_TRY(app::open_source(engine.checkpoints(), path, [&](double) { return !stop.stop_requested(); }));
  const app::JobObserver nobody;
  app::EngineStages stages(engine, nobody, stop);
  return VF_TRY(app::inspect(stages, source, {command.loudness})).info;
}

int run(const ProbeCommand& command, std::stop_token stop) {
  const auto info = probe(command, std::move(stop));
  if (!info) return report_error(info.error(), command.common.output);
  if (command.common.output.json)
    print_json(to_json(*info));
  else
    print(*info);
  return 0;
}

}  // namespace

void add_probe(CLI::App& parser, Session& session) {
  auto command = std::make_shared<ProbeCommand>();
  auto* sub = parser.add_subcommand("probe", "everything worth knowing about a media file");
  sub->footer(
      "Examples:\n  videoforge probe film.mov\n  videoforge probe film.mkv --json --loudness\n  videoforge probe "
      "https://example.org/film.mp4\n\n"
      "The JSON is documented in docs/guides/probe.md.");
  sub->add_option("input", command->input, "a file, or an http(s) address")->required()->type_name("FILE|URL");
  sub->add_flag("--loudness", command->loudness, "decode the sound and measure it (EBU R128)");
  add_common_options(*sub, command->common);
  sub->callback([&session, command] {
    session.action = [command](std::stop_token stop) { return run(*command, std::move(stop)); };
  });
}

}  // namespace vf::cmd
