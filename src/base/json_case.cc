#include "base/json_case.h"

#include <cctype>

namespace vf {
namespace {

std::string camel(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_' && i > 0 && i + 1 < name.size() && std::islower(static_cast<unsigned char>(name[i + 1])))
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i])));
    else
      out += name[i];
  }
  return out;
}

std::string snake(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

json::value renamed(const json::value& value, std::string (*name)(std::string_view)) {
  if (const auto* array = value.if_array()) {
    json::array out;
    out.reserve(array->size());
    for (const auto& item : *array) out.push_back(renamed(item, name));
    return out;
  }
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& [key, item] : *object) out[name(key)] = renamed(item, name);
    return out;
  }
  return value;
}

}  // namespace

json::value to_camel(const json::value& value) { return renamed(value, camel); }
json::value to_snake(const json::value& value) { return renamed(value, snake); }

}  // namespace vf
