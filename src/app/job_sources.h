// The files a transcode or a process reads besides its video: watermark, subtitles, font.
#pragma once

#include "app/recipe.h"

namespace vf::app {

// Where they are. Only what the options ask for is opened.
struct JobPaths {
  std::filesystem::path video;
  std::optional<std::filesystem::path> watermark;
  std::optional<std::filesystem::path> subtitles;  // to be drawn into the picture
  bool font = false;                               // text is drawn
};

// Errors: as open_source; unavailable where drawing text needs a font and the system has none.
Result<Files> open_job_files(Engine& engine, const JobPaths& paths, const JobObserver& observer,
                             const std::stop_token& stop);

// The font that text is drawn with. Errors: unavailable.
Result<std::filesystem::path> font_path();

}  // namespace vf::app
