#include "pipeline/plans/transcode_options.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/plans/ladder.h"

namespace vf::pipeline {
namespace {

const std::vector<std::string> kCodecs{"h264", "hevc", "av1", "vp9"};
const std::vector<std::string> kEncryptions{"none", "cbcs", "aes128"};
const std::vector<std::string> kQualities{"low", "medium", "high"};

Result<void> one_of(const std::string& value, const std::vector<std::string>& allowed, std::string_view what) {
  if (std::ranges::find(allowed, value) != allowed.end()) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} '{}' is not known. Choose from {}.", what, value, fmt::join(allowed, ", ")));
}

bool is_number(const std::string& text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 63;
}

}  // namespace

Result<void> check(const TranscodeOptions& o) {
  if (o.codecs.empty()) return fail(ErrorCode::invalid_argument, "Name at least one codec.");
  for (const auto& codec : o.codecs) VF_CHECK(one_of(codec, kCodecs, "The codec"));
  if (!is_number(o.quality))
    VF_CHECK(one_of(o.quality, kQualities, "The quality (a name, or a constant-quality number from 0 to 63)"));
  VF_CHECK(one_of(o.encrypt, kEncryptions, "The encryption"));
  VF_CHECK(one_of(o.subtitles, {"keep", "none", "burn"}, "The way with subtitles"));
  VF_CHECK(choose_rungs(1920, 1080, o.ladder));
  if (o.clip && (o.clip->from < 0 || (o.clip->to > 0 && o.clip->to <= o.clip->from)))
    return fail(ErrorCode::invalid_argument,
                fmt::format("The clip from {} s to {} s is empty. Its end must come after its start.", o.clip->from,
                            o.clip->to));
  if (o.crop && (o.crop->width < 16 || o.crop->height < 16 || o.crop->x < 0 || o.crop->y < 0))
    return fail(ErrorCode::invalid_argument, "The crop must be at least 16x16 and lie inside the picture.");
  if (o.watermark && (o.watermark->opacity < 0 || o.watermark->opacity > 1))
    return fail(ErrorCode::invalid_argument, "The watermark's opacity goes from 0 to 1.");
  if (o.loudness && (*o.loudness < -70 || *o.loudness > -5))
    return fail(ErrorCode::invalid_argument, "The loudness goes from -70 to -5 LUFS.");
  if (o.poster_seconds && *o.poster_seconds < 0)
    return fail(ErrorCode::invalid_argument, "The poster's time cannot be negative.");
  return {};
}

}  // namespace vf::pipeline
