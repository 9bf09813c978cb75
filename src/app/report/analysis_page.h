// The page of `analyze`: a time line of everything found, in one HTML file that needs no other.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vf::app {

// Small pictures of equal size side by side in one JPEG, and when each is shown.
struct PageSheet {
  std::string jpeg;
  int tile_width = 0;
  int tile_height = 0;
  std::vector<double> seconds;
};

struct AnalysisPage {
  json::value report;  // the content of analysis.json; missing members are left out
  std::vector<PageSheet> sheets = {};
};

// The whole page as UTF-8 text. Never fails: what the report lacks is left out.
std::string render_analysis_page(const AnalysisPage& page);

}  // namespace vf::app
