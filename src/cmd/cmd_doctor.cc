#include "app/doctor.h"
#include "app/platform/administer.h"
#include "cmd/command.h"
#include "cmd/data_report.h"
#include "cmd/server_options.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

namespace vf::cmd {
namespace {

void print(const app::DoctorReport& r) {
  fmt::print("VideoForge {} on Linux {}, {} processors, {} of memory free\n", r.version, r.sandbox.kernel, r.processors,
             human_bytes(r.memory_bytes));
  fmt::print("Sandbox: seccomp {}, Landlock {}\n", r.sandbox.seccomp ? "on" : "MISSING",
             r.sandbox.landlock_abi > 0 ? fmt::format("ABI {}", r.sandbox.landlock_abi) : "not in this kernel");
  for (const auto& denied : r.sandbox.landlock_denies) fmt::print("  denied: {}\n", denied);
  fmt::print("Allowed system calls ({}):\n", r.sandbox.allowed_calls.size());
  for (const auto& call : r.sandbox.allowed_calls)
    fmt::print("  {:<18} {}{}\n", call.name, call.reason, call.only.empty() ? "" : " (" + call.only + ")");
  fmt::print("Encoders:\n");
  for (const auto& encoder : r.encoders)
    fmt::print("  {:<6} {}\n", encoder.codec,
               encoder.library.empty() ? "not in this build of FFmpeg" : encoder.library);
  fmt::print("Containers that are read:\n");
  for (const auto& row : r.demuxers) fmt::print("  {:<14} {}\n", row.name, row.usage);
  fmt::print("Codecs that are read:\n");
  for (const auto& row : r.codecs)
    fmt::print("  {:<18} {}{}\n", row.name, row.usage, row.present ? "" : " (not in this build of FFmpeg)");
  fmt::print("Libraries: {}\nBuilds: {}\n", r.libraries, r.builds);
  for (const auto& warning : r.warnings) fmt::print("! {}\n", warning);
}

struct DoctorCommand {
  ServerCommand server;
  OutputOptions output;
  bool repair = false;
};

int examine(const DoctorCommand& options, bool with_data) {
  const auto machine = app::examine();
  std::optional<app::DataReport> data;
  if (with_data) {
    const auto config = load_config(options.server);
    if (!config) return report_error(config.error(), options.output);
    auto report = app::examine_data(*config, options.repair);
    if (!report) return report_error(report.error(), options.output);
    data = std::move(*report);
  }
  if (options.output.json) {
    auto all = to_json(machine);
    if (data) all.as_object()["data"] = to_json(*data);
    print_json(all);
  } else {
    print(machine);
    if (data) print_data_report(*data, options.repair);
  }
  if (!machine.healthy) return 4;
  return data && !data->healthy ? 5 : 0;
}

}  // namespace

void add_doctor(CLI::App& parser, Session& session) {
  auto options = std::make_shared<DoctorCommand>();
  auto* command = parser.add_subcommand(
      "doctor", "what this machine offers (sandbox, codecs, limits), and whether a data folder is whole");
  command->footer(
      "Examples:\n  videoforge doctor\n  videoforge doctor --json\n  videoforge doctor --data data --repair");
  add_config_options(*command, options->server);
  command->add_flag("--repair", options->repair, "mend the data folder: damaged videos, bytes that nobody needs");
  command->add_flag("--json", options->output.json, "result as JSON");
  command->callback([&session, options, command] {
    const bool with_data = command->count("--data") + command->count("--config") + command->count("--repair") > 0;
    session.action = [options, with_data](std::stop_token) { return examine(*options, with_data); };
  });
}

}  // namespace vf::cmd
