// Which blobs and texts make up the published set.
#pragma once

#include <vector>

#include "app/publish.h"
#include "pipeline/plans/transcode.h"
#include "pipeline/runner.h"

namespace vf::app {

// Tracks, stills, subtitles and key first, then playlists and manifest.
Result<std::vector<PublishedFile>> set_files(const pipeline::TranscodePlan& plan, const pipeline::RunReport& run,
                                             const std::optional<pipeline::ContentKey>& key);

// Writes names and sizes into the report's member "files".
void list_files(json::value& report, const std::vector<PublishedFile>& files);

// Appends report.json and index.html, which holds the small texts that a page from a file may not load.
Result<void> add_report_files(std::vector<PublishedFile>& files, const json::value& report,
                              const pipeline::TranscodePlan& plan, blob::BlobStore& blobs);

}  // namespace vf::app
