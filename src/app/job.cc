#include "app/job.h"

#include <algorithm>

namespace vf::app {
namespace {

struct KindTotal {
  std::string kind;
  int count = 0;
  int reused = 0;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  std::int64_t peak_memory_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(KindTotal, (), (kind, count, reused, cpu_seconds, wall_seconds, peak_memory_bytes))

}  // namespace

Error interrupted() {
  return {ErrorCode::cancelled, "Interrupted. Run the same command again to go on where it stopped.", {}};
}

Result<SourceFile> read_source(Engine& engine, const std::filesystem::path& path, const JobObserver& observer,
                               const std::stop_token& stop) {
  observer.step("Reading the file");
  return open_source(engine.checkpoints(), path, [&](double) { return !stop.stop_requested(); });
}

json::object source_object(const SourceFile& source, const media::MediaInfo& info) {
  return {{"name", source.path.filename().string()},
          {"bytes", source.blob.size},
          {"sha256", source.blob.sha256},
          {"container", info.container},
          {"duration_seconds", info.duration_seconds}};
}

void add_cost(json::object& report, const pipeline::RunReport& run, double media_seconds,
              std::chrono::steady_clock::time_point start) {
  std::vector<KindTotal> kinds;
  int reused = 0;
  int retried = 0;
  double cpu_seconds = 0;
  for (const auto& record : run.stages) {
    auto row = std::ranges::find(kinds, record.kind, &KindTotal::kind);
    if (row == kinds.end()) row = kinds.insert(kinds.end(), KindTotal{.kind = record.kind});
    ++row->count;
    row->reused += record.reused ? 1 : 0;
    row->cpu_seconds += record.usage.cpu_seconds;
    row->wall_seconds += record.usage.wall_seconds;
    row->peak_memory_bytes = std::max(row->peak_memory_bytes, record.usage.peak_memory_bytes);
    reused += record.reused ? 1 : 0;
    retried += record.attempts > 1 ? 1 : 0;
    cpu_seconds += record.usage.cpu_seconds;
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  report["stages"] = json::object{{"run", static_cast<std::int64_t>(run.stages.size()) - reused},
                                  {"reused", reused},
                                  {"retried", retried},
                                  {"by_kind", to_json(kinds)}};
  report["timing"] = json::object{{"wall_seconds", wall.count()},
                                  {"cpu_seconds", cpu_seconds},
                                  {"speed", wall.count() > 0 ? media_seconds / wall.count() : 0}};
}

std::vector<media::Warning> unique(const std::vector<media::Warning>& warnings) {
  std::vector<media::Warning> out;
  for (const auto& warning : warnings)
    if (std::ranges::find(out, warning.message, &media::Warning::message) == out.end()) out.push_back(warning);
  return out;
}

}  // namespace vf::app
