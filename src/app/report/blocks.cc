#include "app/report/blocks.h"

#include <fmt/format.h>

#include "app/report/html.h"

namespace vf::app::html {

std::string section(std::string_view title, std::string_view content) {
  if (content.empty()) return {};
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", escape(title), content);
}

std::string card(std::string_view value, std::string_view name, std::string_view hint) {
  return fmt::format("<div class=\"card\" title=\"{}\"><b>{}</b><span>{}</span></div>", escape(hint), escape(value),
                     escape(name));
}

std::string table(std::string_view head, std::string_view rows) {
  if (rows.empty()) return {};
  return fmt::format("<div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n", head,
                     rows);
}

std::string cell(std::string_view value) { return fmt::format("<td>{}</td>", escape(value)); }
std::string figure(std::string_view value) { return fmt::format("<td class=\"n\">{}</td>", escape(value)); }

}  // namespace vf::app::html
