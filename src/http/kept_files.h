// Files of videos' sets as players ask for them, again and again: their rows, kept in the cache of answers
// (http/answers.h). Who may have them is asked before.
#pragma once

#include <optional>
#include <string>

#include "http/platform.h"
#include "store/files.h"

namespace vf::http {

// Nothing where the video has no such file.
Result<std::optional<store::FileRow>> kept_file(Platform& platform, const std::string& video, const std::string& name);

}  // namespace vf::http
