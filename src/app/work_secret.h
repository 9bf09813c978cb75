// A secret of a work or data folder, made once. Keys are derived from it, so that the same command gives the
// same bytes again and nobody else can guess them.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace vf::app {

// 32 bytes.
Result<std::string> work_secret(const std::filesystem::path& folder);

}  // namespace vf::app
