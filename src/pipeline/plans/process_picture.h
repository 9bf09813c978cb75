// What `process` does to the pictures: from options to sizes, the chain of pictures and the effects.
// Internal to the planner.
#pragma once

#include "pipeline/plans/file_builder.h"
#include "pipeline/plans/process.h"

namespace vf::pipeline {

struct ProcessPictures {
  PictureWishes wishes;
  std::vector<std::string> changes;  // clauses: why the pictures cannot be copied; empty: they can
  std::optional<int> burnt;          // the subtitle stream that is drawn
};

// Errors: invalid_argument (an option that does not fit this film).
Result<ProcessPictures> choose_pictures(const Inspection& source, const media::StreamInfo& video,
                                        const ProcessOptions& options, double film_seconds);

// The box that --scale names. Errors: invalid_argument.
Result<media::Size> scale_box(const std::string& text);

}  // namespace vf::pipeline
