// The report of `analyze`, from what its last stage found and what probe knows of the file.
#pragma once

#include "app/analyze.h"
#include "pipeline/stages/analyze.h"

namespace vf::app {

struct AnalyzeReportInput {
  const SourceFile& source;
  const pipeline::Inspection& inspection;
  const pipeline::AnalyzeOptions& options;
  const pipeline::AnalyzePlan& plan;
  const pipeline::AnalyzeResult& found;
};

// Everything but "stages" and "timing"; docs/guides/quality.md names every member.
json::object analyze_report(const AnalyzeReportInput& in);

}  // namespace vf::app
