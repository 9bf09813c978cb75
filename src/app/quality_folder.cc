#include "app/quality_folder.h"

#include <fmt/format.h>

#include "app/publish.h"

namespace vf::app {

Result<void> check_report_folder(const std::filesystem::path& folder, const std::string& data_name) {
  VF_CHECK(check_output_folder(folder));
  std::error_code ec;
  // A folder of ours that is not empty: is it a report of this kind?
  if (!std::filesystem::exists(folder / "index.html", ec) || std::filesystem::exists(folder / data_name, ec)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("The folder '{}' holds another result of VideoForge. Name an empty or a new folder with -o.",
                          folder.string()));
}

}  // namespace vf::app
