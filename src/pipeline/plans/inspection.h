// What planners know of a source before they decide, and the stage that finds it out.
#pragma once

#include "jobs/plan.h"
#include "media/probe/media_info.h"

namespace vf::pipeline {

// The names under which a job's files are given to its stages.
inline constexpr const char* kVideoSource = "video";
inline constexpr const char* kWatermarkSource = "watermark";
inline constexpr const char* kSubtitleSource = "subtitles";
inline constexpr const char* kFontSource = "font";

struct Inspection {
  media::MediaInfo info;
  media::VideoIndex index;
};

// The stage "probe" over the source "video" of so many bytes.
jobs::Stage probe_stage(std::int64_t bytes, bool loudness);

}  // namespace vf::pipeline
