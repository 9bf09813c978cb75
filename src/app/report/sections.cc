#include "app/report/sections.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "app/report/blocks.h"
#include "app/report/html.h"
#include "app/report/plot.h"

namespace vf::app {

namespace {

using html::card;
using html::cell;
using html::escape;
using html::figure;
using html::items;
using html::member;
using html::number;
using html::section;
using html::table;
using html::text;

double total_bytes(const json::value& report) {
  double total = 0;
  for (const auto& file : items(report, "files")) total += number(file, "bytes").value_or(0);
  return total;
}

std::optional<double> lowest_mean_ssim(const json::value& report) {
  std::optional<double> lowest;
  for (const auto& rendition : items(report, "renditions")) {
    const auto mean = number(member(rendition, "ssim"), "mean");
    if (mean) lowest = std::min(lowest.value_or(1), *mean);
  }
  return lowest;
}

// A bar whose length is `part` of the whole (0 to 1).
std::string bar(double part) {
  return fmt::format(
      R"(<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8" rx="1"/><rect width="{:.1f}" height="8" rx="1"/></svg>)",
      100 * std::clamp(part, 0.0, 1.0));
}

std::string clock_label(double seconds) { return html::clock(seconds); }
std::string rate_label(double value) { return html::bit_rate(value); }
std::string ssim_label(double value) { return fmt::format("{:.3g}", value); }

std::vector<Series> series_of_bits(const json::value& report, double& highest) {
  std::vector<Series> out;
  for (const auto& rendition : items(report, "renditions")) {
    Series series{text(rendition, "name"), {}};
    double second = 0;
    for (const auto& bits : items(rendition, "second_bits")) {
      const double value = bits.is_number() ? bits.to_number<double>() : 0;
      highest = std::max(highest, value);
      series.points.emplace_back(second, value);
      second += 1;
    }
    if (series.points.size() > 1) out.push_back(std::move(series));
  }
  return out;
}

std::vector<Series> series_of_ssim(const json::value& report, double& lowest) {
  std::vector<Series> out;
  for (const auto& rendition : items(report, "renditions")) {
    Series series{text(rendition, "name"), {}};
    for (const auto& sample : items(member(rendition, "ssim"), "samples")) {
      const auto* pair = sample.if_array();
      if (!pair || pair->size() < 2 || !(*pair)[0].is_number() || !(*pair)[1].is_number()) continue;
      const double value = (*pair)[1].to_number<double>();
      lowest = std::min(lowest, value);
      series.points.emplace_back((*pair)[0].to_number<double>(), value);
    }
    std::sort(series.points.begin(), series.points.end());
    if (series.points.size() > 1) out.push_back(std::move(series));
  }
  return out;
}

}  // namespace

std::string headline_section(const json::value& report) {
  const auto& source = member(report, "source");
  const auto& timing = member(report, "timing");
  const auto& stages = member(report, "stages");
  const std::string name = text(source, "name");
  std::string cards;
  if (const auto duration = number(source, "duration_seconds")) cards += card(html::clock(duration), "duration");
  if (const auto wall = number(timing, "wall_seconds")) cards += card(html::elapsed(wall), "wall time");
  if (const auto cpu = number(timing, "cpu_seconds")) cards += card(html::elapsed(cpu), "processor time");
  if (const auto speed = number(timing, "speed"); speed && *speed > 0)
    cards += card(fmt::format("{}\u00d7", html::fixed(speed, *speed < 10 ? 2 : 1)), "of real time");
  if (const double total = total_bytes(report); total > 0) {
    cards += card(html::bytes(total), fmt::format("written, from {}", html::bytes(number(source, "bytes"))));
  }
  if (const auto ssim = lowest_mean_ssim(report)) {
    cards +=
        card(html::fixed(ssim, 4), "similarity", "luma SSIM against the scaled source, mean of the weakest rendition");
  }
  if (const auto reused = number(stages, "reused")) {
    cards += card(fmt::format("{} + {}", html::fixed(number(stages, "run"), 0), html::fixed(reused, 0)),
                  "stages run + reused");
  }
  return fmt::format("<h1>{}</h1>\n<div class=\"cards\">{}</div>\n", escape(name.empty() ? "Streaming set" : name),
                     cards);
}

std::string warnings_section(const json::value& report) {
  std::string list;
  for (const auto& warning : items(report, "warnings")) {
    const auto* plain = warning.if_string();
    list += fmt::format("<li>{}</li>", escape(plain ? std::string(*plain) : text(warning, "message")));
  }
  if (list.empty()) return {};
  return fmt::format("<aside class=\"warnings\"><h2>Worth knowing</h2><ul>{}</ul></aside>\n", list);
}

std::string decisions_section(const json::value& report) {
  std::string rows;
  for (const auto& decision : items(report, "decisions")) {
    const std::string action = text(decision, "action");
    rows += fmt::format("<tr>{}{}<td><span class=\"tag {}\">{}</span></td>{}{}</tr>\n",
                        figure(text(decision, "stream")), cell(text(decision, "kind")), escape(action), escape(action),
                        cell(text(decision, "target")), cell(text(decision, "reason")));
  }
  return section("What was done, and why",
                 table("<th class=\"n\">Stream</th><th>Kind</th><th>Done</th><th>Target</th><th>Reason</th>", rows));
}

std::string renditions_section(const json::value& report) {
  std::string rows;
  for (const auto& r : items(report, "renditions")) {
    const auto& ssim = member(r, "ssim");
    rows += fmt::format("<tr><th scope=\"row\">{}{}</th>{}{}{}{}{}{}{}{}{}</tr>\n", escape(text(r, "name")),
                        html::flag(r, "copied") ? " <span class=\"tag copy\">copied</span>" : "",
                        cell(fmt::format("{}\u00d7{}", text(r, "width"), text(r, "height"))),
                        cell(text(r, "codecs").empty() ? text(r, "codec") : text(r, "codecs")),
                        figure(html::fixed(number(r, "frames"), 0)), figure(html::bit_rate(number(r, "mean_bit_rate"))),
                        figure(html::bit_rate(number(r, "peak_bit_rate"))),
                        figure(html::bit_rate(number(r, "max_bit_rate"))), figure(html::fixed(number(ssim, "mean"), 4)),
                        figure(html::fixed(number(ssim, "p1"), 4)), figure(html::fixed(number(ssim, "min"), 4)));
  }
  return section("Renditions",
                 table("<th>Name</th><th>Size</th><th>Codec</th><th class=\"n\">Frames</th><th class=\"n\">Mean</th>"
                       "<th class=\"n\">Peak second</th><th class=\"n\">Cap</th><th class=\"n\">SSIM mean</th>"
                       "<th class=\"n\">1st percentile</th><th class=\"n\">worst</th>",
                       rows));
}

std::string tracks_section(const json::value& report) {
  std::string rows;
  for (const auto& a : items(report, "audio")) {
    const auto offset = number(a, "offset_ms");
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>sound</td>{}{}{}{}{}</tr>\n", escape(text(a, "name")),
                        cell(text(a, "language")), cell(text(a, "codec")), figure(text(a, "channels")),
                        figure(html::bit_rate(number(a, "mean_bit_rate"))),
                        figure(offset ? fmt::format("{:+.1f} ms", *offset) : std::string("\u2014")));
  }
  for (const auto& s : items(report, "subtitles")) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>subtitles</td>{}<td>WebVTT</td><td></td><td></td><td></td></tr>\n",
        escape(text(s, "name")), cell(text(s, "language")));
  }
  return section("Sound and subtitles",
                 table("<th>Name</th><th>Kind</th><th>Language</th><th>Codec</th><th class=\"n\">Channels</th>"
                       "<th class=\"n\">Mean</th><th class=\"n\">Offset to picture</th>",
                       rows));
}

std::string plots_section(const json::value& report) {
  std::string out;
  double highest = 0;
  if (auto series = series_of_bits(report, highest); !series.empty()) {
    out += "<h3>Bit rate, each second</h3>" + render_plot({.title = "Bit rate of each rendition over time",
                                                           .series = std::move(series),
                                                           .x_label = clock_label,
                                                           .y_label = rate_label,
                                                           .y_max = highest * 1.05});
  }
  double lowest = 1;
  if (auto series = series_of_ssim(report, lowest); !series.empty()) {
    const double floor = std::max(0.0, lowest - (1 - lowest) * 0.1 - 0.002);
    out +=
        "<h3>Similarity to the source (luma SSIM)</h3>" + render_plot({.title = "Luma SSIM of each rendition over time",
                                                                       .series = std::move(series),
                                                                       .x_label = clock_label,
                                                                       .y_label = ssim_label,
                                                                       .y_min = floor,
                                                                       .y_max = 1,
                                                                       .guide = 0.95,
                                                                       .guide_name = "goal of the mean, 0.95",
                                                                       .keep_lowest = true});
  }
  return section("Over time", out);
}

std::string stages_section(const json::value& report) {
  const auto& kinds = items(member(report, "stages"), "by_kind");
  double most = 0;
  for (const auto& kind : kinds) most = std::max(most, number(kind, "cpu_seconds").value_or(0));
  std::string rows;
  for (const auto& kind : kinds) {
    const double cpu = number(kind, "cpu_seconds").value_or(0);
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th>{}{}<td class=\"bars\">{}</td>{}{}{}</tr>\n", escape(text(kind, "kind")),
        figure(html::fixed(number(kind, "count"), 0)), figure(html::fixed(number(kind, "reused"), 0)),
        bar(most > 0 ? cpu / most : 0), figure(html::elapsed(number(kind, "cpu_seconds"))),
        figure(html::elapsed(number(kind, "wall_seconds"))), figure(html::bytes(number(kind, "peak_memory_bytes"))));
  }
  return section("Where the time went",
                 table("<th>Stage</th><th class=\"n\">Count</th><th class=\"n\">Reused</th><th></th>"
                       "<th class=\"n\">Processor</th><th class=\"n\">Wall</th><th class=\"n\">Peak memory</th>",
                       rows));
}

std::string files_section(const json::value& report) {
  std::string rows;
  for (const auto& file : items(report, "files")) {
    const std::string name = text(file, "name"), url = html::file_url(name);
    rows += url.empty() ? fmt::format("<tr>{}", cell(name))
                        : fmt::format("<tr><td><a href=\"{}\">{}</a></td>", escape(url), escape(name));
    rows += figure(html::bytes(number(file, "bytes"))) + "</tr>\n";
  }
  return section("Files", table("<th>Name</th><th class=\"n\">Size</th>", rows));
}

}  // namespace vf::app
