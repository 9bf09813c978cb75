// Gives a finished set its final names. Until then everything carries the suffix ".partial"; what
// points at other files (playlists, manifest, report) is named last.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "app/output_file.h"

namespace vf::app {

// Whether a set may be written there: the folder is missing, empty, or holds a set of ours.
// Errors: invalid_argument (exit 2) otherwise, also where it cannot be written: better now than after
// an hour of encoding.
Result<void> check_output_folder(const std::filesystem::path& folder);

// Writes the files in the given order (media first, manifests after). Files of an earlier set of ours
// that are not part of this one are removed. Errors: no_space, and what the file system says; the
// earlier set then still stands. One process at a time: others wait.
Result<void> publish(const std::filesystem::path& folder, const std::vector<PublishedFile>& files,
                     blob::BlobStore& blobs, const std::stop_token& stop = {});

}  // namespace vf::app
