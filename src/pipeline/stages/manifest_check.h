// Reads finished manifests back as a player would and holds them against the tracks they describe.
#pragma once

#include <string>
#include <vector>

#include "media/package/playlists.h"

namespace vf::pipeline {

// Sentences about what is wrong: a byte range outside its file, a segment left out or listed twice, a
// duration that differs from the track's, a rendition without an entry, XML that is not well-formed.
std::vector<std::string> check_manifests(const std::vector<media::ManifestFile>& files,
                                         const media::Presentation& presentation);

}  // namespace vf::pipeline
