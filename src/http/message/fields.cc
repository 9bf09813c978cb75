#include "http/message/fields.h"

#include <algorithm>

namespace vf::http {
namespace {

char low(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (low(c) >= 'a' && low(c) <= 'z') || kMarks.find(c) != std::string_view::npos;
}

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return low(x) == low(y); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), low);
  return out;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split_list(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  const auto take = [&](std::size_t from, std::size_t to) {
    if (const auto item = trim(text.substr(from, to - from)); !item.empty()) out.push_back(item);
  };
  bool quoted = false, escaped = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (escaped) {
      escaped = false;
    } else if (quoted && c == '\\') {
      escaped = true;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      take(start, i);
      start = i + 1;
    }
  }
  take(start, text.size());
  return out;
}

std::string unquote(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

const std::string* ValueWithParameters::find(std::string_view name) const {
  for (const auto& [key, content] : parameters)
    if (key == name) return &content;
  return nullptr;
}

ValueWithParameters parse_parameters(std::string_view text) {
  ValueWithParameters out;
  bool first = true;
  for (const auto part : split_list(text, ';')) {
    if (std::exchange(first, false)) {
      out.value = lower(part);
      continue;
    }
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    out.parameters.emplace_back(lower(trim(part.substr(0, equals))), unquote(part.substr(equals + 1)));
  }
  return out;
}

bool accepts_encoding(std::string_view accept_encoding, std::string_view coding) {
  bool any = false;
  for (const auto item : split_list(accept_encoding)) {
    const auto parsed = parse_parameters(item);
    const auto* q = parsed.find("q");
    const bool refused = q && q->find_first_not_of("0.") == std::string::npos;
    if (parsed.value == coding) return !refused;
    if (parsed.value == "*") any = !refused;
  }
  return any;
}

}  // namespace vf::http
