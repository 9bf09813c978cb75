// The job `compare` from the command line: two files in, a report of how near they are out.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/compare.h"

namespace vf::app {

struct CompareRequest {
  std::filesystem::path a;  // the reference
  std::filesystem::path b;
  std::optional<std::filesystem::path> output;  // a folder for comparison.json and index.html
  pipeline::CompareOptions options;
};

// The recipe: of the files "a" and "b", comparison.json and, where asked for, its page.
Result<Product> make_compare(Recipe& recipe, const pipeline::CompareOptions& options, bool with_page);

// Returns the report (docs/guides/quality.md, "comparison.json"), which stands in the folder, too.
// Errors: everything a person can do about their request, their files or their machine, each with one
// sentence.
Result<json::value> compare(Engine& engine, const CompareRequest& request, const JobObserver& observer,
                            std::stop_token stop);

}  // namespace vf::app
