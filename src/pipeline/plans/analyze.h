// The planner of the job kind `analyze`: every picture is decoded once, in chunks that begin at key
// frames, every sound track once, and a last stage says what was found. A pure function.
#pragma once

#include <string>
#include <vector>

#include "jobs/plan.h"
#include "pipeline/plans/inspection.h"

namespace vf::pipeline {

// What counts as a finding; docs/guides/quality.md explains each. The defaults are those of ffmpeg's
// detectors, and the job parameters of the platform.
struct AnalyzeOptions {
  double black_threshold = 0.10;  // of the luma range: samples at most so bright are black
  double black_share = 0.98;      // of a picture's samples that must be black
  double black_seconds = 2;       // shortest black passage
  double freeze_noise = -60;      // dB of full scale: a smaller mean difference is none
  double freeze_seconds = 2;      // shortest still passage
  double silence_level = -60;     // dB of full scale: every channel stays below it
  double silence_seconds = 2;     // shortest silence
  int clipping_samples = 3;       // so many full-scale samples in a row
  int crop_threshold = 24;        // of 255: rows and columns with a darker mean are bars
};
BOOST_DESCRIBE_STRUCT(AnalyzeOptions, (),
                      (black_threshold, black_share, black_seconds, freeze_noise, freeze_seconds, silence_level,
                       silence_seconds, clipping_samples, crop_threshold))

// Errors: invalid_argument, naming the option and its range.
Result<void> check(const AnalyzeOptions& options);

struct AnalyzePlan {
  jobs::Plan plan;
  double origin_seconds = 0;  // of the file's clock: time 0 of the report
  double duration_seconds = 0;
  std::vector<std::string> chunk_stages;  // the video's, in order: their second output holds small pictures
  std::string result_stage;
};

// Errors: invalid_argument (options), unsupported_input (nothing in the file can be decoded).
Result<AnalyzePlan> plan_analyze(const Inspection& source, const AnalyzeOptions& options);

}  // namespace vf::pipeline
