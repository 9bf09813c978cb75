// The plan of the job `frames`: exact frames of a video as pictures in a ZIP archive.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "media/stills/extract.h"
#include "pipeline/plans/inspection.h"

namespace vf::pipeline {

// What a person or the platform asks for.
struct FramesOptions {
  std::string select = "all";      // "all", "fps", "every", "count", "at", "keyframes", "scenes"
  double fps = 0;                  // instants a second, with "fps"
  double every_seconds = 0;        // with "every"
  int count = 0;                   // with "count"
  std::vector<double> at_seconds;  // with "at": from the first frame on
  std::optional<int> width;        // of the pictures, in pixels; never enlarges
  std::string format = "jpeg";     // "jpeg", "png" or "webp"
  std::optional<int> quality;      // 1 to 100; not for PNG
};
BOOST_DESCRIBE_STRUCT(FramesOptions, (), (select, fps, every_seconds, count, at_seconds, width, format, quality))

// Errors: invalid_argument (a value out of range, options that contradict one another).
Result<void> check(const FramesOptions& options);

struct FramesPlan {
  jobs::Plan plan;
  std::vector<std::string> pieces;  // ids of the stages that make the archive's pieces, in order
  std::string archive;              // id of the one that makes its end
  media::stills::Naming naming;
  media::stills::StillSpec still;
  std::int64_t frames = 0;         // that are wanted
  std::int64_t source_frames = 0;  // that there are
  double duration_seconds = 0;     // from the first frame to the end of the last
};

// Positions of the wanted frames among `index.frame_ticks`, ascending, each once. `scenes`: where scenes
// begin, by the same positions; used with "scenes". Errors: invalid_argument (an instant after the end).
Result<std::vector<std::int64_t>> select_frames(const media::VideoIndex& index, const FramesOptions& options,
                                                const std::vector<std::int64_t>& scenes);

// Position of the frame on show so many seconds after the first one. The index must not be empty.
std::int64_t frame_on_show(const media::VideoIndex& index, double seconds);

// What has to be found out for "scenes": the stages in order; media::stills::find_scenes judges their
// results. Errors: as plan_frames.
Result<jobs::Plan> plan_scenes(const Inspection& source);

// `facts`: what frames.json says of the source's file. Errors: unsupported_input, invalid_input (no
// video that can be decoded), those of select_frames.
Result<FramesPlan> plan_frames(const Inspection& source, const FramesOptions& options,
                               const std::vector<std::int64_t>& scenes, const json::object& facts);

// The video to read; what both plans of the job need. Errors: as plan_frames.
Result<const media::StreamInfo*> frames_video(const Inspection& source);

}  // namespace vf::pipeline
