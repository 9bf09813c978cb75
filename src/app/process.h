// The job `process` from the command line: one film to one verified file.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/process.h"

namespace vf::app {

struct ProcessRequest {
  std::filesystem::path input;
  std::filesystem::path output;
  bool replace = false;  // an existing file
  pipeline::ProcessOptions options;
  std::filesystem::path watermark;      // used where options.watermark is set
  std::filesystem::path subtitle_file;  // used where options.burn_file is set
};

using OnProcessPlan = std::function<void(const pipeline::ProcessPlan&)>;

struct ProcessObserver : JobObserver {
  OnProcessPlan on_plan;
};

// The recipe: one file of that name.
Result<Product> make_process(Recipe& recipe, const pipeline::ProcessOptions& options, const std::string& name,
                             const OnProcessPlan& on_plan = {});

// Writes the file and returns the report (docs/guides/converting.md, "The report"). Errors: everything a
// person can do about their request, their file or their machine, each with one sentence.
Result<json::value> process(Engine& engine, const ProcessRequest& request, const ProcessObserver& observer,
                            std::stop_token stop);

}  // namespace vf::app
