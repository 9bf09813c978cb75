#include "app/report/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/report/html.h"

namespace vf::app {

namespace {

constexpr double kWidth = 720, kHeight = 220;
constexpr double kLeft = 76, kRight = 12, kTop = 12, kBottom = 28;
constexpr double kInnerWidth = kWidth - kLeft - kRight, kInnerHeight = kHeight - kTop - kBottom;
constexpr std::size_t kMostPoints = 600;
constexpr std::size_t kColours = 8;

struct Scale {
  double x_max, y_min, y_max;
  double x(double v) const { return kLeft + kInnerWidth * std::clamp(v / x_max, 0.0, 1.0); }
  double y(double v) const { return kTop + kInnerHeight * (1 - std::clamp((v - y_min) / (y_max - y_min), 0.0, 1.0)); }
};

using Points = std::vector<std::pair<double, double>>;

Points thinned(const Points& points, bool keep_lowest) {
  if (points.size() <= kMostPoints) return points;
  Points out;
  const std::size_t group = (points.size() + kMostPoints - 1) / kMostPoints;
  for (std::size_t at = 0; at < points.size(); at += group) {
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(std::min(at + group, points.size()));
    const auto by_height = [](const auto& a, const auto& b) { return a.second < b.second; };
    out.push_back(keep_lowest ? *std::min_element(first, last, by_height) : *std::max_element(first, last, by_height));
  }
  return out;
}

std::string grid(const Plot& plot, const Scale& scale) {
  std::string out;
  const double y_step = nice_step(scale.y_max - scale.y_min, 5);
  for (double v = std::ceil(scale.y_min / y_step - 1e-9) * y_step + 0.0; v <= scale.y_max + y_step * 1e-6;
       v += y_step) {
    out += fmt::format(
        R"(<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/><text x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
        kLeft, kWidth - kRight, scale.y(v), scale.y(v), kLeft - 8, scale.y(v) + 4, html::escape(plot.y_label(v)));
  }
  const double x_step = std::max(1.0, nice_step(scale.x_max, 8));  // x is seconds, and so are its labels
  for (double v = 0; v <= scale.x_max * (1 + 1e-9); v += x_step) {
    out += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", scale.x(v), kHeight - 8,
                       html::escape(plot.x_label(v)));
  }
  if (plot.guide > scale.y_min && plot.guide < scale.y_max) {
    out += fmt::format(
        R"(<line class="guide" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/><text class="guide-name" x="{:.1f}" y="{:.1f}" >{}</text>)",
        kLeft, kWidth - kRight, scale.y(plot.guide), scale.y(plot.guide), kLeft + 4, scale.y(plot.guide) + 13,
        html::escape(plot.guide_name));
  }
  return out;
}

std::string line(const Series& series, std::size_t index, const Scale& scale, bool keep_lowest) {
  std::string points;
  for (const auto& [x, y] : thinned(series.points, keep_lowest)) {
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    points += fmt::format("{:.1f},{:.1f} ", scale.x(x), scale.y(y));
  }
  return fmt::format(R"(<polyline class="s{}" points="{}"><title>{}</title></polyline>)", index % kColours, points,
                     html::escape(series.name));
}

}  // namespace

double nice_step(double span, int most) {
  if (!(span > 0) || most < 1) return 1;
  const double rough = span / most;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough * (1 - 1e-9)) return power * factor;
  }
  return power * 10;
}

std::string render_plot(const Plot& plot) {
  double x_max = 0;
  for (const auto& series : plot.series) {
    if (!series.points.empty()) x_max = std::max(x_max, series.points.back().first);
  }
  const Scale scale{x_max > 0 ? x_max : 1, plot.y_min, std::max(plot.y_max, plot.y_min + 1e-9)};
  std::string out = fmt::format(R"(<figure class="plot"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">)", kWidth,
                                kHeight, html::escape(plot.title));
  out += grid(plot, scale);
  for (std::size_t i = 0; i < plot.series.size(); ++i) out += line(plot.series[i], i, scale, plot.keep_lowest);
  out += "</svg><figcaption>";
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    out += fmt::format(R"(<span class="key"><i class="b{}"></i>{}</span>)", i % kColours,
                       html::escape(plot.series[i].name));
  }
  return out + "</figcaption></figure>\n";
}

}  // namespace vf::app
