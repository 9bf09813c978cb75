// What several commands read from their options: times, rectangles, watermarks, kinds of files. Errors
// carry ErrorCode::invalid_argument and name the option.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "media/scale/picture_spec.h"

namespace vf::cmd {

// "--crop 'x' is not understood. Write it like ..."
std::unexpected<Error> wrong(std::string_view option, const std::string& value, std::string_view form);

// A finite number and nothing else.
std::optional<double> number(std::string_view text);

// "90", "1:30", "0:01:30.5" in seconds.
std::optional<double> time_of(std::string_view text);

// The same, of an option.
Result<double> seconds_argument(std::string_view option, const std::string& text);

// WxH+X+Y.
Result<media::Crop> crop_of(const std::string& text);

// FILE[,CORNER[,OPACITY]], read from the right so that the file's name may hold commas.
Result<media::Watermark> watermark_of(std::string text, std::filesystem::path& file);

// The kind of file that a name asks for, by its suffix: "mp4".
Result<std::string> container_argument(const std::filesystem::path& output);

}  // namespace vf::cmd
