#include "cmd/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "media/mux/containers.h"

namespace vf::cmd {
namespace {

struct CornerName {
  std::string_view name;
  media::Corner corner;
};
constexpr std::array<CornerName, 5> kCorners{{{"top-left", media::Corner::top_left},
                                              {"top-right", media::Corner::top_right},
                                              {"bottom-left", media::Corner::bottom_left},
                                              {"bottom-right", media::Corner::bottom_right},
                                              {"center", media::Corner::center}}};

}  // namespace

std::unexpected<Error> wrong(std::string_view option, const std::string& value, std::string_view form) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} '{}' is not understood. Write it like {}.", option, value, form));
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> time_of(std::string_view text) {
  double seconds = 0;
  for (int parts = 0; parts < 3; ++parts) {
    const auto colon = text.find(':');
    const auto part = number(text.substr(0, colon));
    if (!part || *part < 0) return std::nullopt;
    seconds = seconds * 60 + *part;
    if (colon == std::string_view::npos) return seconds;
    text.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

Result<double> seconds_argument(std::string_view option, const std::string& text) {
  if (const auto seconds = time_of(text)) return *seconds;
  return wrong(option, text, "90, 1:30 or 0:01:30.5");
}

Result<media::Crop> crop_of(const std::string& text) {
  media::Crop crop;
  std::string_view rest = text;
  const auto take = [&rest](int& value, std::string_view separator) {
    const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (ec != std::errc()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.starts_with(separator)) return false;
    rest.remove_prefix(separator.size());
    return true;
  };
  if (take(crop.width, "x") && take(crop.height, "+") && take(crop.x, "+") && take(crop.y, "") && rest.empty())
    return crop;
  return wrong("--crop", text, "1280x720+320+180 (width x height + left + top)");
}

Result<media::Watermark> watermark_of(std::string text, std::filesystem::path& file) {
  const auto whole = text;
  media::Watermark mark;
  const auto take_last = [&]() -> std::string {
    const auto comma = text.rfind(',');
    return comma == std::string::npos ? "" : text.substr(comma + 1);
  };
  const auto drop_last = [&] { text.resize(text.rfind(',')); };
  if (const auto opacity = number(take_last())) {
    mark.opacity = *opacity;
    drop_last();
  }
  for (const auto& [name, corner] : kCorners)
    if (take_last() == name) {
      mark.corner = corner;
      drop_last();
      break;
    }
  if (text.empty() || mark.opacity < 0 || mark.opacity > 1)
    return wrong("--watermark", whole,
                 "logo.png,bottom-right,0.8 (corners: top-left, top-right, bottom-left, bottom-right, center)");
  file = text;
  return mark;
}

Result<std::string> container_argument(const std::filesystem::path& output) {
  auto suffix = output.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!suffix.empty()) suffix.erase(0, 1);
  if (suffix == "m4v") suffix = "mp4";
  if (media::mux::find_container(suffix)) return suffix;
  return fail(ErrorCode::invalid_argument,
              fmt::format("The name of '{}' does not say what kind of file to write: end it in .mp4, .mov, .mkv, "
                          ".webm or .ts.",
                          output.filename().string()));
}

}  // namespace vf::cmd
