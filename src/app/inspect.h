// The first look at a source: the `probe` stage.
#pragma once

#include "app/recipe.h"
#include "pipeline/plans/inspection.h"

namespace vf::app {

struct InspectOptions {
  bool loudness = false;  // decode and measure the sound
};

// Runs in the sandbox and is cached like any stage. Errors: what probe says of the file.
Result<pipeline::Inspection> inspect(StageRunner& stages, const SourceFile& source, const InspectOptions& options = {});

}  // namespace vf::app
