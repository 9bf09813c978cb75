#include "app/doctor.h"
#include "cmd/command.h"

#include <memory>

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

}  // namespace

void add_doctor(CLI::App& parser, Session& session) {
  auto output = std::make_shared<OutputOptions>();
  auto* command = parser.add_subcommand("doctor", "what this machine offers: sandbox, codecs, limits");
  command->footer("Examples:\n  videoforge doctor\n  videoforge doctor --json");
  command->add_flag("--json", output->json, "result as JSON");
  command->callback([&session, output] {
    session.action = [output](std::stop_token) {
      const auto report = app::examine();
      if (output->json)
        print_json(to_json(report));
      else
        print(report);
      return report.healthy ? 0 : 4;
    };
  });
}

}  // namespace vf::cmd
