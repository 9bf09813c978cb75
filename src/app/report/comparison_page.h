// The page of `compare`: curves of every picture's scores and the worst pictures side by side, in one
// HTML file that needs no other.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vf::app {

// A pair of pictures as JPEGs; empty where one does not decode.
struct PagePair {
  double a_seconds = 0;
  double b_seconds = 0;
  double psnr_y = 0;
  double ssim_y = 0;
  std::string a;
  std::string b;
  std::string difference;
};

struct ComparisonPage {
  json::value report;  // the content of comparison.json; missing members are left out
  std::vector<PagePair> pairs = {};
};

// The whole page as UTF-8 text. Never fails: what the report lacks is left out.
std::string render_comparison_page(const ComparisonPage& page);

}  // namespace vf::app
