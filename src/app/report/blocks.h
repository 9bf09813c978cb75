// The blocks that every report page is built of: sections, cards, tables. Text is escaped here.
#pragma once

#include <string>
#include <string_view>

namespace vf::app::html {

// Empty where there is no content.
std::string section(std::string_view title, std::string_view content);
std::string card(std::string_view value, std::string_view name, std::string_view hint = {});
// `head` and `rows` are HTML; empty where there are no rows.
std::string table(std::string_view head, std::string_view rows);
std::string cell(std::string_view value);
std::string figure(std::string_view value);  // a cell with a number

}  // namespace vf::app::html
