// One strict binding between described structs and JSON.
//
// A struct that carries BOOST_DESCRIBE_STRUCT is written member by member, in order of declaration
// (so that the text, and every hash of it, is stable). Reading rejects unknown members, missing
// members (std::optional may be missing or null) and wrong types, and names the place by a JSON
// pointer (RFC 6901).
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11/algorithm.hpp>

#include "base/error.h"

namespace vf {

namespace json = boost::json;

namespace detail {

template <typename T>
concept DescribedStruct = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;
template <typename T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;
template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

template <typename T>
inline constexpr bool is_vector = false;
template <typename T, typename A>
inline constexpr bool is_vector<std::vector<T, A>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_string_map = false;
template <typename T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;

template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

// The error of a value of the wrong kind at `path`.
inline std::unexpected<Error> mismatch(const std::string& path, std::string_view expected) {
  auto sentence = fmt::format("At {}: expected {}.", path.empty() ? "the top" : path, expected);
  return std::unexpected(Error{ErrorCode::invalid_argument, std::move(sentence), {}, path});
}

template <typename T>
Result<T> read(const json::value& v, const std::string& path);

template <typename T>
Result<T> read_struct(const json::value& v, const std::string& path) {
  const auto* object = v.if_object();
  if (!object) return mismatch(path, "an object");
  T out{};
  std::size_t seen = 0;
  std::optional<Error> error;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    using M = std::remove_cvref_t<decltype(out.*member.pointer)>;
    if (error) return;
    const auto* found = object->if_contains(member.name);
    const std::string where = path + "/" + member.name;
    if (!found) {
      if constexpr (!is_optional<M>)
        error = Error{ErrorCode::invalid_argument, fmt::format("At {}: missing.", where), {}, where};
      return;
    }
    ++seen;
    auto value = read<M>(*found, where);
    if (value)
      out.*member.pointer = std::move(*value);
    else
      error = std::move(value).error();
  });
  if (error) return std::unexpected(std::move(*error));
  if (seen == object->size()) return out;
  for (const auto& [key, unused] : *object) {
    bool known = false;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) { known = known || key == member.name; });
    if (known) continue;
    const auto where = fmt::format("{}/{}", path, std::string_view(key));
    return std::unexpected(
        Error{ErrorCode::invalid_argument, fmt::format("At {}: nobody knows this member.", where), {}, where});
  }
  return out;
}

template <typename T>
Result<T> read_enum(const json::value& v, const std::string& path) {
  const auto* text = v.if_string();
  std::optional<T> out;
  std::string names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) {
    if (text && *text == e.name) out = e.value;
    names += names.empty() ? e.name : fmt::format(", {}", e.name);
  });
  if (!out) return mismatch(path, "one of " + names);
  return *out;
}

template <typename T>
Result<T> read_integer(const json::value& v, const std::string& path) {
  const auto wrong = [&] {
    return mismatch(path, fmt::format("a whole number from {} to {}", std::numeric_limits<T>::min(),
                                      std::numeric_limits<T>::max()));
  };
  if (const auto* i = v.if_int64()) {
    if (std::in_range<T>(*i)) return static_cast<T>(*i);
  } else if (const auto* u = v.if_uint64()) {
    if (std::in_range<T>(*u)) return static_cast<T>(*u);
  }
  return wrong();
}

template <typename T>
Result<T> read(const json::value& v, const std::string& path) {
  if constexpr (std::same_as<T, json::value>) {
    return v;
  } else if constexpr (std::same_as<T, bool>) {
    if (const auto* b = v.if_bool()) return *b;
    return mismatch(path, "true or false");
  } else if constexpr (Integer<T>) {
    return read_integer<T>(v, path);
  } else if constexpr (std::floating_point<T>) {
    if (v.is_number()) return v.to_number<T>();
    return mismatch(path, "a number");
  } else if constexpr (std::same_as<T, std::string>) {
    if (const auto* s = v.if_string()) return std::string(*s);
    return mismatch(path, "a string");
  } else if constexpr (is_optional<T>) {
    if (v.is_null()) return T{};
    auto inner = read<typename T::value_type>(v, path);
    if (!inner) return std::unexpected(std::move(inner).error());
    return T{std::move(*inner)};
  } else if constexpr (is_vector<T>) {
    const auto* array = v.if_array();
    if (!array) return mismatch(path, "an array");
    T out;
    out.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      auto item = read<typename T::value_type>((*array)[i], fmt::format("{}/{}", path, i));
      if (!item) return std::unexpected(std::move(item).error());
      out.push_back(std::move(*item));
    }
    return out;
  } else if constexpr (is_string_map<T>) {
    const auto* object = v.if_object();
    if (!object) return mismatch(path, "an object");
    T out;
    for (const auto& [key, value] : *object) {
      auto item = read<typename T::mapped_type>(value, path + "/" + std::string(key));
      if (!item) return std::unexpected(std::move(item).error());
      out.emplace(std::string(key), std::move(*item));
    }
    return out;
  } else if constexpr (DescribedEnum<T>) {
    return read_enum<T>(v, path);
  } else {
    static_assert(DescribedStruct<T>, "give the type a BOOST_DESCRIBE_STRUCT");
    return read_struct<T>(v, path);
  }
}

}  // namespace detail

// The value as JSON. Members whose std::optional is empty are left out.
template <typename T>
json::value to_json(const T& v) {
  if constexpr (std::same_as<T, json::value>) {
    return v;
  } else if constexpr (std::same_as<T, bool> || detail::Integer<T> || std::floating_point<T>) {
    return v;
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    return json::string(std::string_view(v));
  } else if constexpr (detail::is_optional<T>) {
    return v ? to_json(*v) : json::value(nullptr);
  } else if constexpr (detail::is_vector<T>) {
    json::array out;
    out.reserve(v.size());
    for (const auto& item : v) out.push_back(to_json(static_cast<const typename T::value_type&>(item)));
    return out;
  } else if constexpr (detail::is_string_map<T>) {
    json::object out;
    for (const auto& [key, value] : v) out[key] = to_json(value);
    return out;
  } else if constexpr (detail::DescribedEnum<T>) {
    return json::string(boost::describe::enum_to_string(v, "?"));
  } else {
    static_assert(detail::DescribedStruct<T>, "give the type a BOOST_DESCRIBE_STRUCT");
    json::object out;
    boost::mp11::mp_for_each<detail::Members<T>>([&](auto member) {
      const auto& value = v.*member.pointer;
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(value)>>) {
        if (!value) return;
      }
      out[member.name] = to_json(value);
    });
    return out;
  }
}

// Reads a T; errors carry ErrorCode::invalid_argument and the JSON pointer of the place.
template <typename T>
Result<T> from_json(const json::value& v) {
  return detail::read<T>(v, "");
}

// Parses bounded JSON text: nesting at most 32 deep. Errors carry ErrorCode::invalid_argument.
Result<json::value> parse_json(std::string_view text);

template <typename T>
Result<T> from_json_text(std::string_view text) {
  return from_json<T>(VF_TRY(parse_json(text)));
}

// Compact text, members in order: the form that keys hash.
std::string dump(const json::value& v);

// Text for people, two spaces of indent.
std::string dump_pretty(const json::value& v);

}  // namespace vf
