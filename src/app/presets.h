// Presets: named sets of options, as data. The built-in ones stand in presets/*.json and are part of
// the binary; a file of the same shape can be named instead.
#pragma once

#include <string>
#include <vector>

#include "pipeline/plans/transcode_options.h"

namespace vf::app {

struct Preset {
  std::string name;
  std::string description;
  json::value options;  // members of pipeline::TranscodeOptions; what is missing keeps its default
};
BOOST_DESCRIBE_STRUCT(Preset, (), (name, description, options))

// By name. Never fails: a test reads them all.
std::vector<Preset> builtin_presets();

// A built-in name, or a path that ends in .json. Errors: invalid_argument (unknown name, bad content
// with the JSON pointer), not_found.
Result<pipeline::TranscodeOptions> load_preset(const std::string& name_or_file);

}  // namespace vf::app
