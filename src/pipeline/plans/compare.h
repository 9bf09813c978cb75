// The planner of the job kind `compare`: which pictures of two files belong together, what both are made
// into so that like is compared with like, and chunks that are scored side by side. A pure function.
#pragma once

#include <string>
#include <vector>

#include "jobs/plan.h"
#include "pipeline/plans/align.h"
#include "pipeline/plans/inspection.h"
#include "pipeline/stages/compare.h"

namespace vf::pipeline {

// The names under which the two files are given to the stages.
inline constexpr const char* kReferenceSource = "a";
inline constexpr const char* kOtherSource = "b";

struct CompareOptions {
  std::string align = "auto";  // auto, first, clock: see align()
  double offset_seconds = 0;   // added to b's times
};
BOOST_DESCRIBE_STRUCT(CompareOptions, (), (align, offset_seconds))

// Errors: invalid_argument, naming the option.
Result<void> check(const CompareOptions& options);

struct ComparePlan {
  jobs::Plan plan;
  Alignment alignment;
  media::compare::PairSpec pair;         // of all chunks, without their ticks
  std::vector<std::string> conversions;  // what was done to make them alike, in words; empty: nothing
  double origin_a = 0;                   // seconds of each file's clock: 0 in the report
  double origin_b = 0;
  double duration_seconds = 0;
  std::vector<std::int64_t> chunk_starts;  // ticks of a
  std::string result_stage;
};

// Errors: invalid_argument (options), invalid_input (a file without video, no pictures that belong
// together).
Result<ComparePlan> plan_compare(const Inspection& a, const Inspection& b, const CompareOptions& options);

// The stages "compare-picture/<n>" that show these pairs.
jobs::Plan picture_plan(const ComparePlan& plan, const std::vector<WorstPair>& pairs);

}  // namespace vf::pipeline
