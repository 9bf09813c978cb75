#include "app/report/analysis_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/report/analysis_words.h"
#include "app/report/blocks.h"
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

constexpr std::size_t kMostRows = 200;  // of the table; analysis.json has all
constexpr double kQuietest = -60;       // LUFS, lower edge of the plot

std::string clock_label(double seconds) { return html::clock(seconds); }
std::string rate_label(double value) { return html::bit_rate(value); }
std::string loudness_label(double value) { return fmt::format("{:.0f} LUFS", value); }

std::string words(const std::vector<std::string>& sentences) {
  std::string out;
  for (const auto& sentence : sentences) out += fmt::format("<li>{}</li>", html::escape(sentence));
  return out.empty() ? out : fmt::format("<ul class=\"words\">{}</ul>\n", out);
}

std::string cards(const json::value& report, const std::vector<Lane>& lanes) {
  std::string out = html::card(html::clock(number(member(report, "source"), "duration_seconds")), "duration");
  for (const auto& lane : lanes)
    if (!lane.marks.empty()) out += html::card(fmt::format("{}", lane.marks.size()), lane.name);
  for (const auto& sound : items(report, "audio"))
    if (const auto lufs = number(member(sound, "loudness"), "integrated_lufs"))
      out += html::card(fmt::format("{:.1f} LUFS", *lufs), "loudness");
  return fmt::format("<div class=\"cards\">{}</div>\n", out);
}

std::string findings(const std::vector<Lane>& lanes) {
  std::string rows;
  std::size_t count = 0;
  for (const auto& lane : lanes) {
    if (lane.name == "cuts") continue;
    for (const auto& mark : lane.marks)
      if (++count <= kMostRows)
        rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", html::escape(lane.name),
                            html::figure(exact_clock(mark.from)), html::figure(exact_clock(mark.to)),
                            html::cell(mark.words.substr(std::min(mark.words.size(), mark.words.find(": ") + 2))));
  }
  if (rows.empty()) return html::section("Findings", "<p class=\"calm\">Nothing was found.</p>\n");
  auto out = html::table("<th>What</th><th class=\"n\">From</th><th class=\"n\">To</th><th></th>", rows);
  if (count > kMostRows) out += fmt::format("<p class=\"calm\">And {} more in analysis.json.</p>\n", count - kMostRows);
  return html::section("Findings", out);
}

void add_bits(const json::value& object, const std::string& name, std::vector<Series>& out, double& highest) {
  Series series{name, {}};
  double at = number(object, "second_bits_from").value_or(0);
  for (const auto& bits : items(object, "second_bits")) {
    const double value = bits.is_number() ? bits.to_number<double>() : 0;
    highest = std::max(highest, value);
    series.points.emplace_back(at, value);
    at += 1;
  }
  if (series.points.size() > 1) out.push_back(std::move(series));
}

std::string bit_rate_plot(const json::value& report) {
  std::vector<Series> series;
  double highest = 0;
  add_bits(member(report, "video"), "picture", series, highest);
  for (const auto& sound : items(report, "audio")) add_bits(sound, "sound " + text(sound, "stream"), series, highest);
  if (series.empty()) return {};
  return "<h3>Bit rate, each second</h3>" + render_plot({.title = "Bit rate over time",
                                                         .series = std::move(series),
                                                         .x_label = clock_label,
                                                         .y_label = rate_label,
                                                         .y_max = highest * 1.05});
}

std::string loudness_plot(const json::value& sound) {
  Series momentary{"momentary (0.4 s)", {}}, short_term{"short-term (3 s)", {}};
  double at = number(sound, "start_seconds").value_or(0);
  double loudest = kQuietest;
  for (const auto& point : items(sound, "curve")) {
    at += 1;
    const auto add = [&](Series& series, std::string_view key) {
      const double value = std::max(kQuietest, number(point, key).value_or(kQuietest));
      loudest = std::max(loudest, value);
      series.points.emplace_back(at, value);
    };
    add(momentary, "momentary_lufs");
    add(short_term, "short_term_lufs");
  }
  if (momentary.points.size() < 2) return {};
  return fmt::format("<h3>Loudness of sound {}</h3>", text(sound, "stream")) +
         render_plot({.title = "Loudness over time",
                      .series = {std::move(momentary), std::move(short_term)},
                      .x_label = clock_label,
                      .y_label = loudness_label,
                      .y_min = kQuietest,
                      .y_max = std::max(0.0, loudest),
                      .guide = -23,
                      .guide_name = "EBU R 128: -23 LUFS"});
}

}  // namespace

std::string render_analysis_page(const AnalysisPage& page) {
  const auto& report = page.report;
  const auto name = text(member(report, "source"), "name");
  const auto lanes = finding_lanes(report);
  std::string body = fmt::format("<h1>{}</h1>\n", html::escape(name.empty() ? "Analysis" : name));
  body += cards(report, lanes);
  const double seconds = number(member(report, "source"), "duration_seconds").value_or(0);
  body += html::section("Time line", render_timeline({seconds, lanes, &page.sheets}));
  body += warnings_section(report);
  body += html::section("Picture", words(picture_words(report)));
  std::string plots = bit_rate_plot(report);
  for (const auto& sound : items(report, "audio")) {
    body += html::section("Sound " + text(sound, "stream"), words(sound_words(sound)));
    plots += loudness_plot(sound);
  }
  body += findings(lanes);
  body += html::section("Over time", plots);
  body += stages_section(report);
  body += "<footer>All figures, and those of every second, are in analysis.json.</footer>\n";
  return html::document(name.empty() ? "Analysis" : name, body);
}

}  // namespace vf::app
