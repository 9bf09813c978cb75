// The job `thumbnails` from the command line: poster, storyboard and preview of a video in a folder.
#pragma once

#include <filesystem>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/thumbnails.h"

namespace vf::app {

struct ThumbnailsRequest {
  std::filesystem::path input;
  std::filesystem::path output;  // a folder: missing, empty or of ours
  pipeline::ThumbnailsOptions options;
};

// The recipe: the pictures, their index and report.json.
Result<Product> make_thumbnails(Recipe& recipe, const pipeline::ThumbnailsOptions& options);

// Publishes the pictures and returns the report (docs/guides/frames.md), which stands beside them as
// report.json, too. Errors: each with one sentence.
Result<json::value> thumbnails(Engine& engine, const ThumbnailsRequest& request, const JobObserver& observer,
                               std::stop_token stop);

}  // namespace vf::app
