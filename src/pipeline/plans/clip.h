// The planner of the job kind `clip`: a part of a film as one file, copied as far as possible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "media/cut/cut_points.h"
#include "media/cut/edge.h"
#include "media/mux/mux_spec.h"
#include "pipeline/plans/inspection.h"
#include "pipeline/plans/transcode.h"

namespace vf::pipeline {

// What a person may ask of a clip, and the parameters of the platform's job kind `clip`. Seconds count
// from the film's first picture.
struct ClipOptions {
  double from = 0;
  std::optional<double> to;       // empty: to the end
  bool exact = false;             // to the frame: the edges are encoded
  std::string container = "mp4";  // mp4, mov, mkv, webm, ts
};
BOOST_DESCRIBE_STRUCT(ClipOptions, (), (from, to, exact, container))

// Everything that is wrong with the options by themselves, in words.
Result<void> check(const ClipOptions& options);

// A stretch of the clip's video, in order.
struct ClipPiece {
  std::string part;    // "head", "middle", "tail" or "whole"
  std::string action;  // "encode" or "copy"
  double from = 0;     // seconds of the film
  double to = 0;
  std::int64_t frames = 0;
};
BOOST_DESCRIBE_STRUCT(ClipPiece, (), (part, action, from, to, frames))

struct ClipPlan {
  jobs::Plan plan;
  std::vector<Decision> decisions;
  std::vector<ClipPiece> pieces;  // empty where there is no video
  double from = 0;                // where it really begins and ends, in seconds of the film
  double to = 0;
  std::int64_t frames = 0;
  std::vector<media::Warning> warnings;
  std::string file_stage;   // what makes the file
  std::string proof_stage;  // what proves it; empty where there is nothing to compare
};

// The first look, as a plan of its own: stage "clip-look". Empty where there is no video. Errors:
// invalid_argument (the clip lies outside the film, the container does not hold its video).
Result<std::vector<jobs::Stage>> clip_look_stages(const Inspection& source, const ClipOptions& options);

// Errors: as above; unsupported_input (nothing in the film that the container could hold).
Result<ClipPlan> plan_clip(const Inspection& source, const ClipOptions& options,
                           const std::optional<media::cut::CutPoints>& points);

}  // namespace vf::pipeline
