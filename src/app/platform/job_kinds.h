// The kinds of jobs that the platform runs: for each its parameters and its recipe. One table.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "app/recipe.h"
#include "jobs/kinds.h"
#include "pipeline/plans/transcode_options.h"
#include "store/jobs.h"

namespace vf::app {

// What a recipe is given besides its files.
struct KindContext {
  std::string secret;                                        // of the owner: content keys are derived from it
  std::function<void(const pipeline::Inspection&)> on_look;  // told what the video is, once known
};

struct JobKind {
  std::string_view name;
  bool for_video;  // its files become the video's own
  // Parameters with defaults filled in, snake_case. Errors: invalid_argument.
  Result<json::value> (*check)(const json::value& params);
  Result<Product> (*make)(Recipe& recipe, const json::value& params, const KindContext& context);
};

std::span<const JobKind> job_kinds();
const JobKind* find_job_kind(std::string_view name);

// What the API may order.
const jobs::Kinds& orderable_kinds();

// Which of the job's sources is which blob: "video" is the job's own, others stand in the parameters.
struct NeededSource {
  std::string name;   // as stages read it
  std::string video;  // the video whose bytes it is; empty: `asset` is meant
  std::string asset = {};
};
std::vector<NeededSource> needed_sources(const store::Job& job);

// A transcode's options from its parameters; assets among them only as "there is one".
Result<pipeline::TranscodeOptions> transcode_options(json::value params);

// Whether its recipe draws text.
bool needs_font(const store::Job& job);

store::VideoFacts facts_of(const pipeline::Inspection& inspection);

}  // namespace vf::app
