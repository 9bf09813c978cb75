#include "pipeline/plans/inspection.h"

#include "pipeline/stage_kind.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {

jobs::Stage probe_stage(std::int64_t bytes, bool loudness) {
  jobs::Stage stage;
  stage.id = stage.kind = "probe";
  stage.params = to_json(ProbeParams{loudness});
  stage.inputs = {{kVideoSource, {}}};
  stage.outputs = 1;
  stage.priority = kAwaitedPriority;
  // Reading the file is what a probe costs; the cap that follows from it stops a file that never ends.
  stage.cost = {0.1 + static_cast<double>(bytes) / 500e6, 256 << 20, 64 << 20};
  return stage;
}

}  // namespace vf::pipeline
