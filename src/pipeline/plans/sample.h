// The dry run's measurement: a few short stretches of the film, encoded with the real settings, tell
// what the whole will cost on this machine and how many bytes this content needs.
#pragma once

#include "pipeline/plans/transcode.h"
#include "pipeline/runner.h"

namespace vf::pipeline {

struct SamplePlan {
  jobs::Plan plan;
  std::map<std::string, double> frames;         // sampled frames, by stage id
  std::map<std::string, std::string> track_of;  // video track's name, by stage id
};

// One segment from each of up to four places. Empty where nothing is encoded.
SamplePlan sample_plan(const TranscodePlan& plan);

// Sets the prediction of `plan` right by what the sample used. Errors: internal (a result that is no chunk).
Result<void> correct_prediction(TranscodePlan& plan, const SamplePlan& sample, const RunReport& run);

}  // namespace vf::pipeline
