// Where the reports of `analyze` and `compare` are put: a data file and a page.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace vf::app {

// Whether such a report may be written there: the folder is missing, empty, or holds an earlier one with
// a data file of this name. A streaming set is never replaced. Errors: invalid_argument (exit 2).
Result<void> check_report_folder(const std::filesystem::path& folder, const std::string& data_name);

}  // namespace vf::app
