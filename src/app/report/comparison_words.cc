#include "app/report/comparison_words.h"

#include <cmath>

#include <fmt/format.h>

#include "app/report/html.h"

namespace vf::app {
namespace {

using html::items;
using html::member;
using html::number;
using html::text;

struct Score {
  std::string_view key;
  std::string_view name;
  int digits;
};
constexpr Score kScores[] = {{"psnr", "PSNR", 2}, {"ssim", "SSIM", 4}};
constexpr std::pair<std::string_view, std::string_view> kPlanes[] = {
    {"y", "Y"}, {"u", "U"}, {"v", "V"}, {"all", "all"}};
constexpr std::string_view kFigures[] = {"mean", "harmonic_mean", "median", "p5", "p1", "min"};

double frames_alone(const json::value& side) { return number(member(side, "unmatched"), "frames").value_or(0); }

}  // namespace

std::vector<std::string> comparison_words(const json::value& report) {
  std::vector<std::string> out;
  const auto& alignment = member(report, "alignment");
  const double offset = number(alignment, "offset_seconds").value_or(0);
  out.push_back(fmt::format("{:.0f} pairs of pictures, of which {:.0f} are identical",
                            number(report, "compared").value_or(0), number(report, "identical").value_or(0)));
  out.push_back(fmt::format(
      "{}{}",
      text(alignment, "mode") == "first" ? "the first pictures lie on each other" : "aligned by the files' clocks",
      std::abs(offset) > 5e-4 ? fmt::format(" (b moved by {:+.3f} s)", offset) : ""));
  for (const auto* side : {"a", "b"})
    if (const double alone = frames_alone(member(report, side)); alone > 0)
      out.push_back(fmt::format("{:.0f} pictures of {} have no partner", alone, side));
  for (const auto* side : {"missing_a", "missing_b"})
    if (const auto lost = items(report, side).size(); lost > 0)
      out.push_back(fmt::format("{} pictures of {} do not decode", lost, std::string_view(side).back()));
  if (const double unlike = number(report, "unlike").value_or(0); unlike > 0)
    out.push_back(fmt::format("{:.0f} pairs changed their size or format on the way and were left out", unlike));
  for (const auto& conversion : items(report, "conversions"))
    if (const auto* sentence = conversion.if_string()) out.emplace_back(*sentence);
  return out;
}

const std::vector<std::string>& score_columns() {
  static const std::vector<std::string> columns{"mean", "harmonic", "median", "5th pct.", "1st pct.", "worst"};
  return columns;
}

std::vector<ScoreRow> score_rows(const json::value& report) {
  std::vector<ScoreRow> out;
  for (const auto& score : kScores)
    for (const auto& [key, name] : kPlanes) {
      const auto& plane = member(member(report, score.key), key);
      if (!plane.is_object()) continue;
      ScoreRow row{fmt::format("{} {}", score.name, name), {}};
      for (const auto figure : kFigures) row.figures.push_back(html::fixed(number(plane, figure), score.digits));
      out.push_back(std::move(row));
    }
  return out;
}

}  // namespace vf::app
