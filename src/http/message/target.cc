#include "http/message/target.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/message/fields.h"

namespace vf::http {
namespace {

constexpr std::size_t kMostPairs = 200;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool has_dot_segment(std::string_view path) {
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto next = path.find('/', at + 1);
    const auto segment = path.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    if (segment == "." || segment == "..") return true;
    at = next;
  }
  return false;
}

Result<std::string> decode_path(std::string_view raw) {
  if (raw.empty() || raw[0] != '/') return bad("The path of the request has to begin with \"/\".");
  for (std::size_t i = 0; i + 2 < raw.size(); ++i)
    if (raw[i] == '%' && raw[i + 1] == '2' && hex(raw[i + 2]) == 15)
      return bad("The path holds an encoded slash (%2F), which no name here has.");
  auto path = VF_TRY(percent_decode(raw));
  if (!is_utf8(path)) return bad("The path is not valid UTF-8 after percent-decoding.");
  if (std::any_of(path.begin(), path.end(), is_control)) return bad("The path holds a control character.");
  if (has_dot_segment(path)) return bad("The path holds a \".\" or \"..\" segment; write the path that is meant.");
  return path;
}

// "http://host:8080/path" -> host and the rest; a proxy's form that every server has to take.
Result<std::string_view> strip_origin(std::string_view target, std::string& host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto rest = target.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    host = rest.substr(0, end);
    if (host.empty() || host.find('@') != std::string::npos) return bad("The request's target names no usable host.");
    return rest.substr(end);
  }
  return target;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char first = at(i);
    const int more = first < 0x80                    ? 0
                     : first >= 0xc2 && first < 0xe0 ? 1
                     : (first & 0xf0) == 0xe0        ? 2
                     : first >= 0xf0 && first < 0xf5 ? 3
                                                     : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k)
      if ((at(i + static_cast<std::size_t>(k)) & 0xc0) != 0x80) return false;
    if (more >= 2) {
      const unsigned char second = at(i + 1);
      if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) || (first == 0xf0 && second < 0x90) ||
          (first == 0xf4 && second >= 0x90))
        return false;
    }
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 1 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return bad("A \"%\" in the request's target is not followed by two hexadecimal digits.");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<Query> parse_form(std::string_view text) {
  Query out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (out.size() == kMostPairs) return bad(fmt::format("There are more than {} parameters.", kMostPairs));
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = VF_TRY(percent_decode(pair.substr(0, equals), true));
    auto value = VF_TRY(percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
    for (const auto* part : {&name, &value})
      if (!is_utf8(*part) || part->find('\0') != std::string::npos)
        return bad("A parameter is not valid UTF-8 or holds a NUL character.");
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

Result<Target> parse_target(std::string_view target) {
  Target out;
  if (target.find('#') != std::string_view::npos) return bad("The request's target holds a fragment (\"#\").");
  target = VF_TRY(strip_origin(target, out.host));
  const auto question = std::min(target.find('?'), target.size());
  const auto raw_path = target.substr(0, question);
  // The absolute form may leave the path out (RFC 9112 3.2.2).
  out.path = VF_TRY(decode_path(raw_path.empty() && !out.host.empty() ? "/" : raw_path));
  out.query = VF_TRY(parse_form(target.substr(std::min(question + 1, target.size()))));
  return out;
}

}  // namespace vf::http
