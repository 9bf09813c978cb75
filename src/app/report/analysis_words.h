// What an analysis found, as lists of places with words: for the page's time line and table, and for the
// terminal. Reads analysis.json leniently.
#pragma once

#include <string>
#include <vector>

#include "app/report/timeline.h"

namespace vf::app {

// One lane for everything that is looked for, found or not; sound lanes for each track.
std::vector<Lane> finding_lanes(const json::value& report);

// "interlaced, top field first: 96 % of the pictures that tell" and so on, one sentence each.
std::vector<std::string> picture_words(const json::value& report);
std::vector<std::string> sound_words(const json::value& sound);

}  // namespace vf::app
