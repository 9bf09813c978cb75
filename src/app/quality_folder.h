// Where the reports of `analyze` and `compare` are put: a data file and a page.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "blob/blob_store.h"

namespace vf::app {

// Whether such a report may be written there: the folder is missing, empty, or holds an earlier one with
// a data file of this name. A streaming set is never replaced. Errors: invalid_argument (exit 2).
Result<void> check_report_folder(const std::filesystem::path& folder, const std::string& data_name);

// Writes the data (JSON text) and index.html. Errors: as publish().
Result<void> publish_report(const std::filesystem::path& folder, const std::string& data_name, std::string data,
                            std::string page, blob::BlobStore& blobs, const std::stop_token& stop);

}  // namespace vf::app
