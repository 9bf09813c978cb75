// The small grammar that header fields share (RFC 9110 5.6): tokens, quoted strings, lists, parameters.
// Pure functions over text; malformed text gives what could be read of it, never an error.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vf::http {

bool is_token(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);  // spaces and tabs

// The elements of a list, without empty ones; a separator inside a quoted string does not count.
std::vector<std::string_view> split_list(std::string_view text, char separator = ',');

// "text/plain; charset=utf-8" -> value "text/plain" (lower case), parameters with lower-case names and
// unquoted values.
struct ValueWithParameters {
  std::string value;
  std::vector<std::pair<std::string, std::string>> parameters;
  const std::string* find(std::string_view name) const;
};
ValueWithParameters parse_parameters(std::string_view text);

// The text of a token or a quoted string.
std::string unquote(std::string_view text);

// Whether Accept-Encoding (RFC 9110 12.5.3) allows the coding; an absent field does not ask for one.
bool accepts_encoding(std::string_view accept_encoding, std::string_view coding);

}  // namespace vf::http
