#include "app/report/timeline.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/report/document.h"
#include "app/report/html.h"
#include "app/report/plot.h"

namespace vf::app {
namespace {

constexpr double kWidth = 1000, kLeft = 118, kRight = 8, kInner = kWidth - kLeft - kRight;
constexpr double kLaneHeight = 24, kBarHeight = 14, kAxisHeight = 26, kGap = 6;
constexpr double kLeastWidth = 2.5;       // of a mark
constexpr std::size_t kMostMarks = 1500;  // of a lane: more could not be told apart

struct Axis {
  double seconds;
  double x(double at) const { return kLeft + kInner * std::clamp(at / seconds, 0.0, 1.0); }
};

// The sheets hold the tiles; each is shown where its time is, as far as there is room.
std::string pictures(const std::vector<PageSheet>& sheets, const Axis& axis, double& height) {
  std::string out;
  std::size_t count = 0;
  double aspect = 0;
  for (const auto& sheet : sheets) {
    count += sheet.seconds.size();
    if (sheet.tile_width > 0) aspect = static_cast<double>(sheet.tile_height) / sheet.tile_width;
  }
  if (count == 0 || aspect <= 0) return out;
  const double width = std::min(kInner / static_cast<double>(count) - 2, 60 / aspect);
  height = width * aspect;
  for (std::size_t s = 0; s < sheets.size(); ++s) {
    const auto& sheet = sheets[s];
    out += fmt::format(R"(<defs><image id="sheet{}" width="{}" height="{}" href="{}"/></defs>)", s,
                       sheet.tile_width * static_cast<int>(sheet.seconds.size()), sheet.tile_height,
                       html::data_url("image/jpeg", sheet.jpeg));
    for (std::size_t t = 0; t < sheet.seconds.size(); ++t)
      out += fmt::format(
          R"(<svg x="{:.1f}" y="0" width="{:.1f}" height="{:.1f}" viewBox="{} 0 {} {}"><title>{}</title><use href="#sheet{}"/></svg>)",
          std::clamp(axis.x(sheet.seconds[t]) - width / 2, kLeft, kWidth - kRight - width), width, height,
          sheet.tile_width * static_cast<int>(t), sheet.tile_width, sheet.tile_height, exact_clock(sheet.seconds[t]),
          s);
  }
  return out;
}

std::string lane(const Lane& lane, const Axis& axis, double y) {
  std::string out = fmt::format(
      R"(<text class="lane" x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text><rect class="track" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3"/>)",
      kLeft - 10, y + kBarHeight - 3, html::escape(lane.name), kLeft, y, kInner, kBarHeight);
  for (std::size_t i = 0; i < std::min(lane.marks.size(), kMostMarks); ++i) {
    const auto& mark = lane.marks[i];
    const double from = axis.x(mark.from);
    const double width = std::max(kLeastWidth, axis.x(mark.to) - from);
    out += fmt::format(
        R"(<rect class="f{}" x="{:.2f}" y="{:.1f}" width="{:.2f}" height="{:.1f}" rx="1.5"><title>{}</title></rect>)",
        lane.colour, std::min(from, kWidth - kRight - width), y, width, kBarHeight, html::escape(mark.words));
  }
  return out;
}

}  // namespace

std::string exact_clock(double seconds) {
  const bool before = seconds < -0.0005;
  const auto ms = std::llround(std::min(std::abs(seconds), 1e9) * 1000);
  const auto whole = ms / 1000;
  const auto clock = whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                                   : fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}{}.{:03}", before ? "-" : "", clock, ms % 1000);
}

std::string render_timeline(const Timeline& timeline) {
  const Axis axis{timeline.seconds > 0 ? timeline.seconds : 1};
  double top = 0;
  std::string body = timeline.sheets ? pictures(*timeline.sheets, axis, top) : std::string();
  if (top > 0) top += kGap;
  const double bottom = top + kLaneHeight * static_cast<double>(timeline.lanes.size());
  const double step = std::max(1.0, nice_step(axis.seconds, 10));
  for (double v = 0; v <= axis.seconds * 0.985; v += step)  // a label at the very end would be cut off
    body += fmt::format(
        R"(<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/><text x="{0:.1f}" y="{3:.1f}" text-anchor="middle">{4}</text>)",
        axis.x(v), top, bottom, bottom + kAxisHeight - 10, html::clock(v));
  double y = top;
  for (const auto& one : timeline.lanes) {
    body += lane(one, axis, y);
    y += kLaneHeight;
  }
  return fmt::format(
      R"(<svg class="timeline" viewBox="0 0 {} {:.0f}" role="img" aria-label="Everything that was found, over time">{}</svg>)",
      kWidth, bottom + kAxisHeight, body);
}

}  // namespace vf::app
