// The sections of the report page, each a function from report.json to HTML; empty where the report
// has nothing to say about it.
#pragma once

#include <string>

#include "base/json.h"

namespace vf::app {

std::string headline_section(const json::value& report);  // title and the figures that matter
std::string warnings_section(const json::value& report);
std::string decisions_section(const json::value& report);   // per stream: copy, encode, drop and why
std::string renditions_section(const json::value& report);  // sizes, rates, similarity
std::string tracks_section(const json::value& report);      // sound and subtitles
std::string plots_section(const json::value& report);       // bit rate and similarity over time
std::string stages_section(const json::value& report);      // where the time went
std::string files_section(const json::value& report);

}  // namespace vf::app
