// What a person may ask of a transcode: the command line's options, a preset file's content, and the
// parameters of the platform's job kind `transcode`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "media/scale/picture_spec.h"

namespace vf::pipeline {

// A part of the source, in seconds of its own clock. `to` 0 = the end.
struct ClipRange {
  double from = 0;
  double to = 0;
};
BOOST_DESCRIBE_STRUCT(ClipRange, (), (from, to))

struct TranscodeOptions {
  std::vector<std::string> ladder = {"auto"};  // rung names, or "auto"
  std::vector<std::string> codecs = {"h264"};  // h264, hevc, av1, vp9
  std::string quality = "medium";              // low, medium, high or a constant-quality number
  std::string speed;                           // an encoder's own preset name; empty = ours
  bool copy = true;                            // copy a stream that fits instead of encoding it
  std::optional<ClipRange> clip;
  std::optional<media::Crop> crop;
  std::optional<media::Watermark> watermark;
  std::string subtitles = "keep";            // keep, none, burn (see burn_*)
  std::optional<std::string> burn_language;  // burn the source's own subtitles of that language
  bool burn_file = false;                    // burn the subtitle file that comes with the job
  bool audio = true;
  std::optional<double> loudness;        // integrated LUFS to reach
  std::string encrypt = "none";          // none, cbcs, aes128
  std::optional<double> poster_seconds;  // empty = a representative picture
};
BOOST_DESCRIBE_STRUCT(TranscodeOptions, (),
                      (ladder, codecs, quality, speed, copy, clip, crop, watermark, subtitles, burn_language, burn_file,
                       audio, loudness, encrypt, poster_seconds))

// Everything that is wrong with the options by themselves, in words.
Result<void> check(const TranscodeOptions& options);

}  // namespace vf::pipeline
