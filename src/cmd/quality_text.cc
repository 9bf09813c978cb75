#include "cmd/quality_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/report/analysis_words.h"
#include "app/report/comparison_words.h"
#include "app/report/html.h"
#include "cmd/output.h"

namespace vf::cmd {
namespace {

namespace html = app::html;

constexpr std::size_t kMostPlaces = 3;  // of one kind; analysis.json has all

void print_lane(const app::Lane& lane) {
  if (lane.marks.empty()) return;
  fmt::print("  {:<16} {:>4}  ", lane.name, lane.marks.size());
  for (std::size_t i = 0; i < std::min(lane.marks.size(), kMostPlaces); ++i)
    fmt::print("{}{}", i > 0 ? "\n                         " : "", lane.marks[i].words);
  if (lane.marks.size() > kMostPlaces)
    fmt::print("\n                         and {} more", lane.marks.size() - kMostPlaces);
  fmt::print("\n");
}

// What every report ends with.
void print_end(const json::value& report, const std::string& folder) {
  for (const auto& w : html::items(report, "warnings")) fmt::print("  ! {}\n", html::text(w, "message"));
  const auto& timing = html::member(report, "timing");
  const auto& stages = html::member(report, "stages");
  fmt::print("Done in {} ({:.1f}x, {} of CPU); {:.0f} stages run, {:.0f} reused.\n",
             human_seconds(html::number(timing, "wall_seconds").value_or(0)), html::number(timing, "speed").value_or(0),
             human_seconds(html::number(timing, "cpu_seconds").value_or(0)), html::number(stages, "run").value_or(0),
             html::number(stages, "reused").value_or(0));
  if (!folder.empty()) fmt::print("Look at {}/index.html\n", folder);
}

}  // namespace

void print_analysis(const json::value& report, const std::string& folder) {
  const auto& source = html::member(report, "source");
  fmt::print("{}, {}\n", html::text(source, "name"),
             human_seconds(html::number(source, "duration_seconds").value_or(0)));
  for (const auto& sentence : app::picture_words(report)) fmt::print("  {}\n", sentence);
  for (const auto& sound : html::items(report, "audio")) {
    fmt::print("Sound {}\n", html::text(sound, "stream"));
    for (const auto& sentence : app::sound_words(sound)) fmt::print("  {}\n", sentence);
  }
  const auto lanes = app::finding_lanes(report);
  const bool any = std::ranges::any_of(lanes, [](const auto& lane) { return !lane.marks.empty(); });
  fmt::print("{}\n", any ? "Found" : "Nothing was found.");
  for (const auto& lane : lanes) print_lane(lane);
  print_end(report, folder);
}

void print_comparison(const json::value& report, const std::string& folder) {
  fmt::print("a  {}\nb  {}\n", html::text(html::member(report, "a"), "name"),
             html::text(html::member(report, "b"), "name"));
  for (const auto& sentence : app::comparison_words(report)) fmt::print("  {}\n", sentence);
  fmt::print("\n  {:<9}", "");
  for (const auto& column : app::score_columns()) fmt::print(" {:>9}", column);
  for (const auto& row : app::score_rows(report)) {
    fmt::print("\n  {:<9}", row.name);
    for (const auto& figure : row.figures) fmt::print(" {:>9}", figure);
  }
  const auto& total = html::member(report, "psnr_total");
  fmt::print("\n  PSNR of the mean error: Y {} dB, all planes {} dB\n", html::fixed(html::number(total, "y"), 2),
             html::fixed(html::number(total, "all"), 2));
  for (const auto& worst : html::items(report, "worst"))
    fmt::print("  worst  a {}  b {}  SSIM Y {}  PSNR Y {}\n",
               app::exact_clock(html::number(worst, "a_seconds").value_or(0)),
               app::exact_clock(html::number(worst, "b_seconds").value_or(0)),
               html::fixed(html::number(worst, "ssim_y"), 4), html::fixed(html::number(worst, "psnr_y"), 2));
  print_end(report, folder);
}

}  // namespace vf::cmd
