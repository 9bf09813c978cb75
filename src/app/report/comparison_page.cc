#include "app/report/comparison_page.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/report/blocks.h"
#include "app/report/comparison_words.h"
#include "app/report/document.h"
#include "app/report/html.h"
#include "app/report/plot.h"
#include "app/report/sections.h"
#include "app/report/timeline.h"

namespace vf::app {
namespace {

using html::items;
using html::member;
using html::number;
using html::text;

std::string clock_label(double seconds) { return html::clock(seconds); }
std::string db_label(double value) { return fmt::format("{:.0f} dB", value); }
std::string ssim_label(double value) { return fmt::format("{:.3g}", value); }

Series series_of(const json::value& pairs, std::string_view key, std::string name) {
  Series out{std::move(name), {}};
  const auto& seconds = items(pairs, "a_seconds");
  const auto& values = items(pairs, key);
  for (std::size_t i = 0; i < std::min(seconds.size(), values.size()); ++i)
    if (seconds[i].is_number() && values[i].is_number())
      out.points.emplace_back(seconds[i].to_number<double>(), values[i].to_number<double>());
  return out;
}

double lowest(const Series& series, double start) {
  for (const auto& point : series.points) start = std::min(start, point.second);
  return start;
}

std::string ssim_plot(const json::value& pairs) {
  auto y = series_of(pairs, "ssim_y", "luma");
  if (y.points.size() < 2) return {};
  const double least = lowest(y, 1);
  return "<h3>SSIM of every picture</h3>" + render_plot({.title = "Luma SSIM over time",
                                                         .series = {std::move(y)},
                                                         .x_label = clock_label,
                                                         .y_label = ssim_label,
                                                         .y_min = std::max(0.0, least - (1 - least) * 0.1 - 0.002),
                                                         .y_max = 1,
                                                         .keep_lowest = true});
}

std::string psnr_plot(const json::value& pairs) {
  auto y = series_of(pairs, "psnr_y", "Y");
  if (y.points.size() < 2) return {};
  std::vector<Series> all{std::move(y)};
  for (const auto& [key, name] : {std::pair{"psnr_u", "U"}, std::pair{"psnr_v", "V"}})
    if (auto plane = series_of(pairs, key, name); plane.points.size() > 1) all.push_back(std::move(plane));
  double least = 100, most = 0;
  for (const auto& series : all) {
    least = lowest(series, least);
    for (const auto& point : series.points) most = std::max(most, point.second);
  }
  return "<h3>PSNR of every picture</h3>" + render_plot({.title = "PSNR over time",
                                                         .series = std::move(all),
                                                         .x_label = clock_label,
                                                         .y_label = db_label,
                                                         .y_min = std::floor(least / 5) * 5,
                                                         .y_max = std::max(std::ceil(most / 5) * 5, 10.0),
                                                         .keep_lowest = true});
}

std::string scores(const json::value& report) {
  std::string head = "<th>Score</th>";
  for (const auto& column : score_columns()) head += fmt::format("<th class=\"n\">{}</th>", html::escape(column));
  std::string rows;
  for (const auto& row : score_rows(report)) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", html::escape(row.name));
    for (const auto& figure : row.figures) rows += html::figure(figure);
    rows += "</tr>\n";
  }
  return html::section("Scores", html::table(head, rows));
}

std::string picture(const std::string& jpeg, const std::string& caption) {
  if (jpeg.empty()) return {};
  return fmt::format("<figure><img alt=\"{0}\" src=\"{1}\"><figcaption>{0}</figcaption></figure>",
                     html::escape(caption), html::data_url("image/jpeg", jpeg));
}

std::string worst(const std::vector<PagePair>& pairs) {
  std::string out;
  for (const auto& pair : pairs)
    out += fmt::format("<h3>SSIM {:.4f}, PSNR {:.2f} dB</h3><div class=\"pair\">{}{}{}</div>\n", pair.ssim_y,
                       pair.psnr_y, picture(pair.a, "a at " + exact_clock(pair.a_seconds)),
                       picture(pair.b, "b at " + exact_clock(pair.b_seconds)),
                       picture(pair.difference, "difference of the luma, 8 times as bright"));
  return html::section("The worst pictures", out);
}

std::string cards(const json::value& report) {
  const auto& total = member(report, "psnr_total");
  std::string out = html::card(html::fixed(number(member(member(report, "ssim"), "y"), "mean"), 4), "SSIM Y, mean");
  out += html::card(html::fixed(number(member(member(report, "ssim"), "y"), "p1"), 4), "SSIM Y, 1st percentile");
  out += html::card(html::fixed(number(total, "y"), 2) + " dB", "PSNR Y of the mean error");
  out += html::card(html::fixed(number(total, "all"), 2) + " dB", "PSNR of all planes");
  out += html::card(html::fixed(number(report, "compared"), 0), "pairs of pictures");
  return fmt::format("<div class=\"cards\">{}</div>\n", out);
}

}  // namespace

std::string render_comparison_page(const ComparisonPage& page) {
  const auto& report = page.report;
  const auto title = fmt::format("{} against {}", text(member(report, "b"), "name"), text(member(report, "a"), "name"));
  std::string body = fmt::format("<h1>{}</h1>\n", html::escape(title));
  body += cards(report);
  std::string how;
  for (const auto& sentence : comparison_words(report)) how += fmt::format("<li>{}</li>", html::escape(sentence));
  body += html::section("How they were compared",
                        fmt::format("<p class=\"calm\">a: {} (the reference); b: {}</p><ul class=\"words\">{}</ul>\n",
                                    html::escape(text(member(report, "a"), "name")),
                                    html::escape(text(member(report, "b"), "name")), how));
  body += warnings_section(report);
  body += scores(report);
  body += html::section("Over time", ssim_plot(member(report, "pairs")) + psnr_plot(member(report, "pairs")));
  body += worst(page.pairs);
  body += stages_section(report);
  body += "<footer>The scores of every picture are in comparison.json.</footer>\n";
  return html::document(title, body);
}

}  // namespace vf::app
