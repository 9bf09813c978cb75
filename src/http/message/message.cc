#include "http/message/message.h"

#include <algorithm>

#include "http/message/fields.h"

namespace vf::http {

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  add(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
}

const std::string* Headers::find(std::string_view name) const {
  const auto at = std::find_if(fields_.begin(), fields_.end(),
                               [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  return at == fields_.end() ? nullptr : &at->second;
}

std::string_view Headers::get(std::string_view name) const {
  const auto* value = find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [&](const auto& field) { return equal_ignoring_case(field.first, name); }));
}

std::string Request::traceparent() const {
  return trace && trace->own && trace->own->sampled ? to_traceparent(*trace->own) : std::string();
}

void Request::join_trace(std::string_view traceparent) const {
  if (!trace || !trace->own || trace->offered) return;
  const auto earlier = parse_traceparent(traceparent);
  if (!earlier) return;
  trace->own->trace = earlier->trace;
  trace->own->sampled = earlier->sampled;
  trace->parent = earlier->span;
}

std::string_view Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

}  // namespace vf::http
