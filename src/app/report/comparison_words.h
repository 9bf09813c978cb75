// How a comparison was made and what it found, in sentences, for the page and for the terminal. Reads
// comparison.json leniently.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vf::app {

std::vector<std::string> comparison_words(const json::value& report);

// One row of figures for each score and plane.
struct ScoreRow {
  std::string name;  // "SSIM Y"
  std::vector<std::string> figures;
};
// Names of the figures, in order.
const std::vector<std::string>& score_columns();
std::vector<ScoreRow> score_rows(const json::value& report);

}  // namespace vf::app
