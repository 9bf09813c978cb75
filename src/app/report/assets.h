// The report page's style sheet, player markup and player script, each in a file of its own.
#pragma once

#include <string_view>

namespace vf::app {

extern const std::string_view kPageStyle;
extern const std::string_view kQualityStyle;  // what the pages of analyze and compare add
extern const std::string_view kPlayerScript;
extern const std::string_view kPlayerMarkup;  // a fmt format string; {} takes the poster attribute

}  // namespace vf::app
