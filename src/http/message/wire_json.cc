#include "http/message/wire_json.h"

#include <array>
#include <charconv>
#include <cmath>

namespace vf::http {
namespace {

// Beyond these a plain decimal is a row of zeroes.
constexpr double kSmallestPlain = 1e-6;
constexpr double kLargestPlain = 1e17;

void write_number(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const auto size = std::abs(number);
  const bool plain = size == 0 || (size >= kSmallestPlain && size < kLargestPlain);
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), size == 0 ? 0.0 : number,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  out.append(text.data(), end);
}

void write(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!first) out += ',';
      first = false;
      out += json::serialize(json::string_view(key));
      out += ':';
      write(member, out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    bool first = true;
    for (const auto& item : *array) {
      if (!first) out += ',';
      first = false;
      write(item, out);
    }
    out += ']';
  } else if (const auto* number = value.if_double()) {
    write_number(*number, out);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string wire_json(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace vf::http
