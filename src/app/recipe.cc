#include "app/recipe.h"

namespace vf::app {

Sources Recipe::sources() const {
  Sources out;
  for (const auto& [name, file] : files) out.emplace(name, file.source());
  return out;
}

Result<pipeline::RunReport> EngineStages::run(jobs::Plan plan, const Sources& sources, Phase phase) {
  auto report = VF_TRY(engine_.runner().run(
      std::move(plan), sources, stop_, phase == Phase::work ? observer_.on_progress : pipeline::Runner::Observe{}));
  if (stop_.stop_requested()) return std::unexpected(interrupted());
  return report;
}

}  // namespace vf::app
