// report.json: what was asked, what was decided and why, what came out and how it was proven.
// Documented in docs/guides/transcode.md.
#pragma once

#include "app/job.h"
#include "pipeline/plans/transcode.h"

namespace vf::app {

struct ReportInput {
  const SourceFile& source;
  const media::MediaInfo& info;
  const pipeline::TranscodePlan& plan;
  const pipeline::RunReport& run;
  const pipeline::TranscodeOptions& options;
  std::chrono::steady_clock::time_point start;
};

// Everything but the list of files. Errors: internal (a stage's result is not what it should be).
Result<json::value> transcode_report(const ReportInput& input);

}  // namespace vf::app
