#include "app/file_report.h"

namespace vf::app {

void add_file(json::object& report, const std::string& name, const pipeline::RunReport& run,
              const std::string& file_stage, const std::string& proof_stage) {
  const auto& made = run.outputs.at(file_stage);
  json::object file{{"name", name}, {"bytes", made.blobs.at(0).size}};
  file["tracks"] = made.result.as_object().at("tracks");
  report["file"] = std::move(file);
  auto proof = run.outputs.at(proof_stage).result.as_object();
  proof.erase("failures");
  report["proof"] = std::move(proof);
}

std::vector<media::Warning> file_warnings(const media::MediaInfo& info, const pipeline::RunReport& run) {
  auto all = info.warnings;
  for (const auto& [id, output] : run.outputs) {
    const auto* object = output.result.if_object();
    if (!object || id == "probe") continue;
    const auto* chunk = object->if_contains("chunk");
    const auto* list =
        chunk && chunk->is_object() ? chunk->as_object().if_contains("warnings") : object->if_contains("warnings");
    if (!list) continue;
    if (auto more = from_json<std::vector<media::Warning>>(*list)) all.insert(all.end(), more->begin(), more->end());
  }
  return unique(all);
}

}  // namespace vf::app
