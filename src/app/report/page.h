// The report page: one HTML file beside a streaming set that plays it and shows what was done.
//
// It works from file:// without a network: no outside script, style or font; a Content-Security-Policy
// allows its own script by hash and nothing else. Titles, names and cues come from the input and are
// untrusted: they are escaped, and subtitles reach the page as text only.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vf::app {

struct ReportSubtitle {
  std::string name;      // what the menu shows
  std::string language;  // BCP 47, "und" where unknown
  std::string webvtt;    // the file's text: a page from file:// may not load it by itself
};

struct ReportPage {
  json::value report;                  // the content of report.json; missing members are left out
  std::string poster = {};             // file name beside the page; empty: poster.jpg if the report lists it
  std::string storyboard_webvtt = {};  // text of storyboard.vtt (cues "storyboard.jpg#xywh=x,y,w,h")
  std::vector<ReportSubtitle> subtitles = {};
};

// The whole page as UTF-8 text. Never fails: what the report lacks is left out.
std::string render_report_page(const ReportPage& page);

}  // namespace vf::app
