#include "app/report/html.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace vf::app::html {

namespace {

constexpr std::string_view kNothing = "\u2014";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

// Three digits that matter: 4.21, 42.1, 421.
std::string three_digits(double value) {
  const int digits = std::abs(value) >= 100 ? 0 : std::abs(value) >= 10 ? 1 : 2;
  return fmt::format("{:.{}f}", value, digits);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\0':
        out += "\uFFFD";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string file_url(std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos) return {};
  std::string out = "./";
  for (const char c : name) {
    if (is_unreserved(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string script_json(const json::value& value) {
  std::string out;
  for (const char c : dump(value)) {
    if (c == '<')
      out += "\\u003c";  // neither </script> nor <!-- can be spelled
    else
      out += c;
  }
  return out;
}

std::string bit_rate(std::optional<double> value) {
  if (!value) return std::string(kNothing);
  if (*value >= 1e6) return three_digits(*value / 1e6) + " Mbit/s";
  return fmt::format("{:.0f} kbit/s", *value / 1e3);
}

std::string bytes(std::optional<double> value) {
  if (!value) return std::string(kNothing);
  if (*value >= 1e9) return three_digits(*value / 1e9) + " GB";
  if (*value >= 1e6) return three_digits(*value / 1e6) + " MB";
  if (*value >= 1e3) return three_digits(*value / 1e3) + " kB";
  return fmt::format("{:.0f} B", *value);
}

std::string clock(std::optional<double> seconds) {
  if (!seconds) return std::string(kNothing);
  const auto whole = static_cast<long long>(std::clamp(*seconds, 0.0, 1e9));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string elapsed(std::optional<double> seconds) {
  if (!seconds) return std::string(kNothing);
  if (*seconds < 100) return three_digits(*seconds) + " s";
  const long long whole = std::llround(std::min(*seconds, 1e9));
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string fixed(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : std::string(kNothing);
}

const json::value& member(const json::value& object, std::string_view key) {
  static const json::value null;
  const auto* members = object.if_object();
  if (!members) return null;
  const auto* found = members->if_contains(key);
  return found ? *found : null;
}

std::string text(const json::value& object, std::string_view key) {
  const auto& value = member(object, key);
  if (const auto* string = value.if_string()) return std::string(*string);
  if (value.is_number()) return fmt::format("{}", value.to_number<double>());
  return {};
}

std::optional<double> number(const json::value& object, std::string_view key) {
  const auto& value = member(object, key);
  if (!value.is_number()) return std::nullopt;
  const double out = value.to_number<double>();
  if (!std::isfinite(out)) return std::nullopt;
  return out;
}

bool flag(const json::value& object, std::string_view key) {
  const auto* value = member(object, key).if_bool();
  return value && *value;
}

const json::array& items(const json::value& object, std::string_view key) {
  static const json::array none;
  const auto* array = member(object, key).if_array();
  return array ? *array : none;
}

}  // namespace vf::app::html
