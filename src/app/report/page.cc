#include "app/report/page.h"

#include <fmt/format.h>

#include "app/report/assets.h"
#include "app/report/document.h"
#include "app/report/html.h"
#include "app/report/sections.h"

namespace vf::app {

namespace {

std::string head(const json::value& report) {
  const std::string name = html::text(html::member(report, "source"), "name");
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' file:; "
      "media-src 'self' file:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} \u2013 VideoForge</title>\n<style>{}</style></head>\n",
      html::csp_hash(kPageStyle), html::csp_hash(kPlayerScript), html::escape(name.empty() ? "Streaming set" : name),
      kPageStyle);
}

json::array playable(const json::array& tracks) {
  json::array out;
  for (const auto& track : tracks) {
    const std::string url = html::file_url(html::text(track, "file"));
    if (url.empty()) continue;
    const auto rate = html::number(track, "mean_bit_rate");
    out.push_back(json::object{{"name", html::text(track, "name")},
                               {"language", html::text(track, "language")},
                               {"url", url},
                               {"rate", rate ? json::value(html::bit_rate(rate)) : json::value("")}});
  }
  return out;
}

json::object player_data(const ReportPage& page) {
  json::array subtitles;
  for (const auto& subtitle : page.subtitles) {
    subtitles.push_back(
        json::object{{"name", subtitle.name}, {"language", subtitle.language}, {"webvtt", subtitle.webvtt}});
  }
  return {{"duration", html::number(html::member(page.report, "source"), "duration_seconds").value_or(0)},
          {"renditions", playable(html::items(page.report, "renditions"))},
          {"audio", playable(html::items(page.report, "audio"))},
          {"subtitles", std::move(subtitles)},
          {"storyboard", page.storyboard_webvtt}};
}

bool is_encrypted(const json::value& report) {
  return !html::text(report, "encryption").empty() || html::member(report, "encryption").is_object();
}

// The file the caller names, else the set's own poster where the report lists one.
std::string poster_of(const ReportPage& page) {
  if (!page.poster.empty()) return page.poster;
  for (const auto& file : html::items(page.report, "files")) {
    if (html::text(file, "name") == "poster.jpg") return "poster.jpg";
  }
  return {};
}

std::string player_section(const ReportPage& page) {
  const auto data = player_data(page);
  const std::string poster = html::escape(html::file_url(poster_of(page)));
  if (is_encrypted(page.report)) {
    return "<p class=\"note\">This set is encrypted: play master.m3u8 or manifest.mpd with a player that has the "
           "key.</p>\n";
  }
  if (data.at("renditions").as_array().empty() && data.at("audio").as_array().empty()) return {};
  return fmt::format(
      "{}<script type=\"application/json\" id=\"set\">{}</script>\n",
      fmt::format(fmt::runtime(kPlayerMarkup), poster.empty() ? std::string() : fmt::format(" poster=\"{}\"", poster)),
      html::script_json(data));
}

}  // namespace

std::string render_report_page(const ReportPage& page) {
  const auto& report = page.report;
  std::string out = head(report);
  out += "<body><main>\n";
  out += headline_section(report);
  out += player_section(page);
  out += warnings_section(report);
  out += decisions_section(report);
  out += renditions_section(report);
  out += tracks_section(report);
  out += plots_section(report);
  out += stages_section(report);
  out += files_section(report);
  out += fmt::format(
      "<footer>Streams: <code>master.m3u8</code> (HLS) and <code>manifest.mpd</code> (DASH) address the same files; "
      "serve this folder by any web server that knows byte ranges. All figures are in "
      "<a href=\"./report.json\">report.json</a>.</footer>\n</main>\n<script>{}</script></body></html>\n",
      kPlayerScript);
  return out;
}

}  // namespace vf::app
