// The options that `plan` and `transcode` share.
#pragma once

#include <memory>

#include "app/transcode.h"
#include "cmd/command.h"

namespace vf::cmd {

// What was typed; empty means not given, so that a preset's value stays.
struct TranscodeArguments {
  std::string input;
  std::string preset;
  std::string ladder, codecs, quality, speed, clip, crop, watermark, subtitles, encrypt;
  double loudness = 0;
  double poster_at = 0;
  bool has_loudness = false;
  bool has_poster_at = false;
  bool no_audio = false;
  bool no_copy = false;
};

void add_transcode_options(CLI::App& command, TranscodeArguments& arguments);

// The request: preset first, then what was typed. Errors: invalid_argument naming the option.
Result<app::TranscodeRequest> to_request(const TranscodeArguments& arguments);

}  // namespace vf::cmd
