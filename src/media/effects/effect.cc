#include "media/effects/effect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace vf::media::effects {
namespace {

constexpr Parameter kStrength[] = {{"strength", 0.5, 20, 4, ""}};
constexpr Parameter kSharpen[] = {{"amount", 0.1, 3, 0.8, ""}};
constexpr Parameter kBlur[] = {{"radius", 0.2, 50, 2, ""}};
constexpr Parameter kBrightness[] = {{"brightness", -1, 1, 0.1, ""}};
constexpr Parameter kContrast[] = {{"contrast", 0, 3, 1.2, ""}};
constexpr Parameter kSaturation[] = {{"saturation", 0, 3, 1.3, ""}};
constexpr Parameter kRotate[] = {{"degrees", -360, 360, 90, ""}};
constexpr Parameter kFlip[] = {{"direction", 0, 1, 0, " horizontal vertical "}};
constexpr Parameter kPad[] = {{"width", 16, 16384, 1920, ""}, {"height", 16, 16384, 1080, ""}};
constexpr Parameter kFade[] = {{"in", 0, 3600, 1, ""}, {"out", 0, 3600, 1, ""}};
constexpr Parameter kStabilise[] = {{"reach", 4, 64, 16, ""}};
constexpr Parameter kDeinterlace[] = {{"fields", 0, 2, 0, " auto top bottom "}};
constexpr Parameter kToneMap[] = {{"peak", 100, 10000, 1000, ""}};

constexpr std::array kRows = std::to_array<EffectRow>({
    {"denoise", kStrength, Place::graph, false, 1.0, "takes out noise, in each picture and between them"},
    {"sharpen", kSharpen, Place::graph, false, 0, "makes edges clearer"},
    {"blur", kBlur, Place::graph, false, 0, "a soft picture; the radius in pixels"},
    {"brightness", kBrightness, Place::graph, false, 0, "adds light, or takes it away"},
    {"contrast", kContrast, Place::graph, false, 0, "1 changes nothing"},
    {"saturation", kSaturation, Place::graph, false, 0, "1 changes nothing, 0 takes all colour"},
    {"grayscale", {}, Place::graph, false, 0, "black and white"},
    {"rotate", kRotate, Place::graph, false, 0, "clockwise; quarter turns swap the sides, others leave black corners"},
    {"flip", kFlip, Place::graph, false, 0, "horizontal (left to right) or vertical"},
    {"pad", kPad, Place::graph, false, 0, "black borders up to this size, the picture in the middle"},
    {"fade", kFade, Place::graph, false, 0, "from black and to black, in seconds"},
    {"stabilise", kStabilise, Place::graph, true, 0, "steadies a shaky hand; the reach in pixels"},
    {"deinterlace", kDeinterlace, Place::picture, false, 0, "auto, top or bottom field first, whatever the film says"},
    {"tone-map", kToneMap, Place::picture, false, 0, "HDR to SDR with this brightest light, in cd/m2"},
});

std::string names() {
  std::string out;
  for (const auto& row : kRows) out += (out.empty() ? "" : ", ") + std::string(row.name);
  return out;
}

// The place of a word in " one two ", or -1.
int place_of(std::string_view words, std::string_view word) {
  int place = 0;
  for (std::size_t at = 1; at < words.size(); ++place) {
    const auto end = words.find(' ', at);
    if (end == std::string_view::npos) break;
    if (words.substr(at, end - at) == word) return place;
    at = end + 1;
  }
  return -1;
}

std::unexpected<Error> wrong(const EffectRow& row, std::string_view what) {
  std::string form(row.name);
  for (std::size_t i = 0; i < row.parameters.size(); ++i) {
    const auto& p = row.parameters[i];
    form += i == 0 ? "=" : ",";
    form += p.words.empty() ? fmt::format("{} ({} to {})", p.name, p.least, p.most)
                            : fmt::format("one of{}", p.words.substr(0, p.words.size() - 1));
  }
  return fail(ErrorCode::invalid_argument, fmt::format("The filter '{}' {}. Write it like {}.", row.name, what, form));
}

Result<double> value_of(const EffectRow& row, const Parameter& p, std::string_view text) {
  if (!p.words.empty()) {
    const int place = place_of(p.words, text);
    if (place < 0) return wrong(row, fmt::format("does not know '{}'", text));
    return place;
  }
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return wrong(row, fmt::format("takes numbers, not '{}'", text));
  return value;
}

}  // namespace

std::span<const EffectRow> effect_rows() { return kRows; }

const EffectRow* find_effect(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &EffectRow::name);
  return found == kRows.end() ? nullptr : &*found;
}

Result<Effect> parse_effect(const std::string& text) {
  const auto equals = text.find('=');
  const auto* row = find_effect(text.substr(0, equals));
  if (!row)
    return fail(ErrorCode::invalid_argument,
                fmt::format("There is no filter '{}'. Choose from {}.", text.substr(0, equals), names()));
  Effect out{std::string(row->name), {}};
  std::string_view rest = equals == std::string::npos ? std::string_view() : std::string_view(text).substr(equals + 1);
  if (equals != std::string::npos && rest.empty()) return wrong(*row, "has an empty value");
  // WxH is how people write a size.
  const char separator = row->name == "pad" ? 'x' : ',';
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (out.values.size() == row->parameters.size()) return wrong(*row, "has too many values");
    out.values.push_back(VF_TRY(value_of(*row, row->parameters[out.values.size()], part)));
  }
  if (row->name == "pad" && out.values.size() != 2) return wrong(*row, "needs a size");
  for (auto i = out.values.size(); i < row->parameters.size(); ++i) out.values.push_back(row->parameters[i].usual);
  VF_CHECK(check(out));
  return out;
}

Result<void> check(const Effect& effect) {
  const auto* row = find_effect(effect.name);
  if (!row || effect.values.size() != row->parameters.size())
    return fail(ErrorCode::invalid_argument, fmt::format("There is no filter '{}' of this form.", effect.name));
  for (std::size_t i = 0; i < effect.values.size(); ++i) {
    const auto& p = row->parameters[i];
    if (!(effect.values[i] >= p.least && effect.values[i] <= p.most))
      return wrong(*row, fmt::format("takes no {} of {}", p.name, effect.values[i]));
  }
  return {};
}

}  // namespace vf::media::effects
