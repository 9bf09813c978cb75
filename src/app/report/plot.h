// Small line plots as inline SVG: no script, readable in light and dark (colours are CSS classes).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace vf::app {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x in seconds, ascending
};

struct Plot {
  std::string title;                         // what a screen reader is told
  std::vector<Series> series;                // the first eight are told apart by colour
  std::string (*x_label)(double) = nullptr;  // how a tick is written; never null when rendered
  std::string (*y_label)(double) = nullptr;
  double y_min = 0;
  double y_max = 1;  // larger than y_min
  double guide = 0;  // a dashed line at this height; drawn when inside the range, y_min itself is not
  std::string guide_name = {};
  bool keep_lowest = false;  // of many points that fall on one pixel: the lowest, else the highest
};

// Long series are thinned to about a point a pixel, keeping the extremes that matter.
std::string render_plot(const Plot& plot);

// A step of 1, 2 or 5 times a power of ten that divides `span` into at most `most` parts.
double nice_step(double span, int most);

}  // namespace vf::app
