// What `analyze` and `compare` print for people, from their reports.
#pragma once

#include <string>

#include "base/json.h"

namespace vf::cmd {

// `folder`: where the report was written; empty: nowhere.
void print_analysis(const json::value& report, const std::string& folder);
void print_comparison(const json::value& report, const std::string& folder);

}  // namespace vf::cmd
