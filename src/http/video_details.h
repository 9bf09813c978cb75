// What an upload says of the video it will become: fields that people read. They are stored as text, never
// used as a path, an option or markup.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vf::http {

struct VideoDetails {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> visibility;  // public, unlisted, private
};
BOOST_DESCRIBE_STRUCT(VideoDetails, (), (title, description, tags, visibility))

// Bytes of UTF-8.
inline constexpr std::size_t kLongestTitle = 300;
inline constexpr std::size_t kLongestDescription = 20'000;
inline constexpr std::size_t kMostTags = 50;
inline constexpr std::size_t kLongestTag = 100;
inline constexpr std::size_t kLongestFileName = 255;

// Takes control characters out. Errors: invalid_argument with the field's pointer and its bound.
Result<VideoDetails> checked(VideoDetails details);

// Text for one line: valid UTF-8 without control characters and marks that turn its direction.
std::string one_line(std::string_view text);

// "a, b,c" -> {"a", "b", "c"}: tags where a field is one text (forms, tus).
std::vector<std::string> tags_from(std::string_view text);

// A name as the client sent it, fit to be shown: the last part of a path, without control characters and
// marks that turn the direction of text, at most 255 bytes. Bytes that are no UTF-8 become U+FFFD.
std::string clean_file_name(std::string_view name);

// A title for a video that has none: its file's name without the ending.
std::string title_from(std::string_view file_name);

}  // namespace vf::http
