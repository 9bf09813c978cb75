// The first look at a source: the `probe` stage, and whether each sound track can be copied.
#pragma once

#include <stop_token>

#include "app/engine.h"
#include "pipeline/plans/inspection.h"

namespace vf::app {

struct InspectOptions {
  bool loudness = false;  // decode and measure the sound
};

// Runs in the sandbox and is cached like any stage. Errors: what probe says of the file.
Result<pipeline::Inspection> inspect(Engine& engine, const SourceFile& source, const InspectOptions& options,
                                     std::stop_token stop);

}  // namespace vf::app
