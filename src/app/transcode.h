// The job `transcode` from the command line: a source file in, a published set out.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "app/recipe.h"
#include "pipeline/plans/transcode.h"

namespace vf::app {

struct TranscodeRequest {
  std::filesystem::path input;
  std::filesystem::path output;  // a folder: missing, empty or of ours
  pipeline::TranscodeOptions options;
  std::filesystem::path watermark;      // a picture; used where options.watermark is set
  std::filesystem::path subtitle_file;  // used where options.burn_file is set
};

using OnTranscodePlan = std::function<void(const pipeline::Inspection&, const pipeline::TranscodePlan&)>;

struct TranscodeObserver : JobObserver {
  OnTranscodePlan on_plan;
};

// The recipe: the files of the set and its report. `secret`: 32 bytes that content keys are derived from;
// unused where nothing is encrypted.
Result<Product> make_transcode(Recipe& recipe, const pipeline::TranscodeOptions& options, const std::string& secret,
                               const OnTranscodePlan& on_plan = {});

// Publishes the set and returns its report (docs/guides/transcode.md, "report.json"), which stands in
// the set as report.json, too. Errors: everything a person can do about their request, their file or
// their machine, each with one sentence.
Result<json::value> transcode(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                              std::stop_token stop);

// The plan alone, with its prediction set right by encoding a small sample on this machine.
struct DryRun {
  media::MediaInfo info;
  pipeline::TranscodePlan plan;
};
Result<DryRun> dry_run(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                       std::stop_token stop);

// The same from a recipe, without the sample.
Result<json::value> describe_transcode(Recipe& recipe, const pipeline::TranscodeOptions& options,
                                       const std::string& secret);

// The plan as documented JSON.
json::value plan_json(const DryRun& dry_run);

}  // namespace vf::app
