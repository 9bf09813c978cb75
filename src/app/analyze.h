// The job `analyze` from the command line: a file in, a report of its quality out.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/analyze.h"

namespace vf::app {

struct AnalyzeRequest {
  std::filesystem::path input;
  std::optional<std::filesystem::path> output;  // a folder for analysis.json and index.html
  pipeline::AnalyzeOptions options;
};

// The recipe: analysis.json and, where asked for, its page.
Result<Product> make_analyze(Recipe& recipe, const pipeline::AnalyzeOptions& options, bool with_page);

// Returns the report (docs/guides/quality.md, "analysis.json"), which stands in the folder, too. That
// something was found is no error. Errors: everything a person can do about their request, their file or
// their machine, each with one sentence.
Result<json::value> analyze(Engine& engine, const AnalyzeRequest& request, const JobObserver& observer,
                            std::stop_token stop);

}  // namespace vf::app
