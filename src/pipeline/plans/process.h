// The planner of the job kind `process`: one film to one file of another kind, size or look. What is right
// already is copied.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "media/effects/effect.h"
#include "media/scale/picture_spec.h"
#include "pipeline/plans/inspection.h"
#include "pipeline/plans/transcode.h"

namespace vf::pipeline {

// What a person may ask of `process`, and the parameters of the platform's job kind.
struct ProcessOptions {
  std::string container = "mp4";       // mp4, mov, mkv, webm, ts
  std::optional<std::string> quality;  // low, medium, high; empty: medium, and nothing is encoded for its sake
  std::optional<std::string> scale;    // 720p, 1080p, 2k, 4k or WxH: a box to fit into
  std::optional<media::Crop> crop;
  std::optional<media::Watermark> watermark;
  std::optional<std::string> burn_language;  // draw the film's own subtitles of that language
  bool burn_file = false;                    // draw the subtitle file that comes with the job
  double speed = 1;                          // 2 = twice as fast; the sound keeps its pitch
  std::optional<double> fps;                 // pictures a second at most
  std::optional<double> volume;              // dB
  std::optional<double> loudness;            // integrated LUFS to reach
  std::vector<media::effects::Effect> filters;
};
BOOST_DESCRIBE_STRUCT(ProcessOptions, (),
                      (container, quality, scale, crop, watermark, burn_language, burn_file, speed, fps, volume,
                       loudness, filters))

// Everything that is wrong with the options by themselves, in words.
Result<void> check(const ProcessOptions& options);

struct ProcessPlan {
  jobs::Plan plan;
  std::vector<Decision> decisions;
  int width = 0;  // of the file's pictures; 0 without video
  int height = 0;
  double duration_seconds = 0;  // of the file
  std::string file_stage;
  std::string proof_stage;
};

// Errors: invalid_argument (an option that does not fit this film), unsupported_input (nothing in it that the
// file could hold).
Result<ProcessPlan> plan_process(const Inspection& source, const ProcessOptions& options);

}  // namespace vf::pipeline
