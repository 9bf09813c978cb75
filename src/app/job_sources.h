// The files a transcode reads besides its video: watermark, subtitles, font.
#pragma once

#include <map>
#include <vector>

#include "app/transcode.h"

namespace vf::app {

// Owns the opened files; `sources` names them for the plan.
struct JobSources {
  std::vector<SourceFile> files;
  std::map<std::string, pipeline::Source> sources;
};

// Errors: as open_source; unavailable where burning needs a font and the system has none.
Result<JobSources> open_job_sources(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                                    const std::stop_token& stop);

}  // namespace vf::app
