#include "base/json.h"

namespace vf {
namespace {

void pretty(const json::value& v, std::string& out, std::size_t indent) {
  const std::string pad(indent + 2, ' ');
  if (const auto* object = v.if_object(); object && !object->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& [key, value] : *object) {
      if (!first) out += ",\n";
      first = false;
      out += pad + json::serialize(json::value(key)) + ": ";
      pretty(value, out, indent + 2);
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (const auto* array = v.if_array(); array && !array->empty()) {
    // Rows of plain numbers stay on one line: a list of 300 key frames is not 300 lines.
    bool plain = true;
    for (const auto& item : *array) plain = plain && !item.is_object() && !item.is_array();
    out += plain ? "[" : "[\n";
    bool first = true;
    for (const auto& item : *array) {
      if (!first) out += plain ? ", " : ",\n";
      first = false;
      if (!plain) out += pad;
      pretty(item, out, indent + 2);
    }
    out += plain ? "]" : "\n" + std::string(indent, ' ') + "]";
  } else if (v.is_double()) {
    out += fmt::format("{}", v.get_double());
  } else {
    out += json::serialize(v);
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = 32;
  auto value = json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
  if (ec) return fail(ErrorCode::invalid_argument, fmt::format("This is not valid JSON: {}.", ec.message()));
  return value;
}

std::string dump(const json::value& v) { return json::serialize(v); }

std::string dump_pretty(const json::value& v) {
  std::string out;
  pretty(v, out, 0);
  out += "\n";
  return out;
}

}  // namespace vf
