// The job `clip` from the command line: a part of a film as one verified file.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/clip.h"

namespace vf::app {

struct ClipRequest {
  std::filesystem::path input;
  std::filesystem::path output;
  bool replace = false;  // an existing file
  pipeline::ClipOptions options;
};

using OnClipPlan = std::function<void(const pipeline::ClipPlan&)>;

struct ClipObserver : JobObserver {
  OnClipPlan on_plan;
};

// The recipe: one file of that name.
Result<Product> make_clip(Recipe& recipe, const pipeline::ClipOptions& options, const std::string& name,
                          const OnClipPlan& on_plan = {});

// Writes the file and returns the report (docs/guides/clips.md, "The report"). Errors: everything a
// person can do about their request, their file or their machine, each with one sentence.
Result<json::value> clip(Engine& engine, const ClipRequest& request, const ClipObserver& observer,
                         std::stop_token stop);

}  // namespace vf::app
