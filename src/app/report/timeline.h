// A time line as inline SVG: lanes of marks over one axis, small pictures above. No script; every mark
// tells its times to the pointer and to screen readers.
#pragma once

#include <string>
#include <vector>

#include "app/report/analysis_page.h"

namespace vf::app {

struct Mark {
  double from = 0;
  double to = 0;  // from == to: a moment
  std::string words;
};

struct Lane {
  std::string name;
  int colour = 0;  // 0 to 7, as in plots
  std::vector<Mark> marks = {};
};

struct Timeline {
  double seconds = 0;
  std::vector<Lane> lanes;
  const std::vector<PageSheet>* sheets = nullptr;
};

std::string render_timeline(const Timeline& timeline);

// "0:12.040": a place to the millisecond.
std::string exact_clock(double seconds);

}  // namespace vf::app
