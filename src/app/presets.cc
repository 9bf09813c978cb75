#include "app/presets.h"

#include "app/builtin_presets.h"
#include "base/fd.h"

namespace vf::app {
namespace {

constexpr std::int64_t kMaxPresetBytes = 1 << 20;

Result<pipeline::TranscodeOptions> apply(const Preset& preset) {
  auto all = to_json(pipeline::TranscodeOptions{});
  const auto* chosen = preset.options.if_object();
  if (!chosen)
    return fail(ErrorCode::invalid_argument, fmt::format("The preset '{}' has no object \"options\".", preset.name));
  for (const auto& [key, value] : *chosen) all.as_object()[key] = value;
  auto options = from_json<pipeline::TranscodeOptions>(all);
  if (!options)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The preset '{}' is wrong. {}", preset.name, options.error().message));
  return options;
}

}  // namespace

std::vector<Preset> builtin_presets() {
  std::vector<Preset> out;
  for (const auto text : kBuiltinPresets)
    if (auto preset = from_json_text<Preset>(text)) out.push_back(std::move(*preset));
  return out;
}

Result<pipeline::TranscodeOptions> load_preset(const std::string& name_or_file) {
  std::string names;
  for (const auto& preset : builtin_presets()) {
    if (preset.name == name_or_file) return apply(preset);
    names += (names.empty() ? "" : ", ") + preset.name;
  }
  if (!name_or_file.ends_with(".json"))
    return fail(ErrorCode::invalid_argument,
                fmt::format("There is no preset '{}'. The built-in ones are {}; a file of your own ends in .json.",
                            name_or_file, names));
  const auto text = VF_TRY(read_whole(std::filesystem::path(name_or_file), kMaxPresetBytes));
  auto preset = from_json_text<Preset>(text);
  if (!preset)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The preset file '{}' is wrong. {}", name_or_file, preset.error().message));
  return apply(*preset);
}

}  // namespace vf::app
