// The plan of the job `thumbnails`: poster, storyboard and animated preview of a video.
#pragma once

#include <optional>

#include "jobs/plan.h"
#include "pipeline/plans/inspection.h"

namespace vf::pipeline {

struct ThumbnailsOptions {
  std::optional<double> poster_seconds;  // from the first frame; empty: a good one is looked for
};
BOOST_DESCRIBE_STRUCT(ThumbnailsOptions, (), (poster_seconds))

// Errors: invalid_argument (a time before the beginning).
Result<void> check(const ThumbnailsOptions& options);

// Stages `poster`, `storyboard` and `preview`. Errors: unsupported_input, invalid_input (no video that can
// be decoded), invalid_argument (a time after the end).
Result<jobs::Plan> plan_thumbnails(const Inspection& source, const ThumbnailsOptions& options);

}  // namespace vf::pipeline
