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
const std::vector<std::string> kSubtitleWays{"keep", "none", "burn"};
constexpr double kMaxSeconds = 1e9;  // no film is longer; the largest time that every time base holds
constexpr int kMaxSide = 65535;

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
  for (auto codec = o.codecs.begin(); codec != o.codecs.end(); ++codec)
    if (std::find(o.codecs.begin(), codec, *codec) != codec)
      return fail(ErrorCode::invalid_argument, fmt::format("The codec '{}' is named twice.", *codec));
  if (!is_number(o.quality) && std::ranges::find(kQualities, o.quality) == kQualities.end())
    return fail(ErrorCode::invalid_argument,
                fmt::format("The quality '{}' is not known. Choose from {}, or an encoder's number from 0 to 63.",
                            o.quality, fmt::join(kQualities, ", ")));
  VF_CHECK(one_of(o.encrypt, kEncryptions, "The encryption"));
  if (o.encrypt == "cbcs")
    for (const auto& codec : o.codecs)
      if (codec != "h264" && codec != "hevc")
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("The encryption 'cbcs' is for h264 and hevc, not for {}. aes128 takes every codec.", codec));
  if (std::ranges::find(kSubtitleWays, o.subtitles) == kSubtitleWays.end())
    return fail(ErrorCode::invalid_argument,
                fmt::format("The way with subtitles '{}' is not known. Choose from keep, none, burn:LANG or burn:FILE.",
                            o.subtitles));
  VF_CHECK(choose_rungs(1920, 1080, o.ladder));
  if (o.clip && !(o.clip->from >= 0 && o.clip->from < kMaxSeconds && o.clip->to >= 0 && o.clip->to < kMaxSeconds))
    return fail(ErrorCode::invalid_argument, "The clip's times go from 0 to a billion seconds.");
  if (o.clip && o.clip->to > 0 && o.clip->to <= o.clip->from)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The clip from {} s to {} s is empty. Its end must come after its start.", o.clip->from,
                            o.clip->to));
  if (o.crop && (o.crop->width < 16 || o.crop->height < 16 || o.crop->x < 0 || o.crop->y < 0 ||
                 std::max({o.crop->width, o.crop->height, o.crop->x, o.crop->y}) > kMaxSide))
    return fail(ErrorCode::invalid_argument, "The crop must be at least 16x16 and lie inside the picture.");
  if (o.watermark && !(o.watermark->opacity >= 0 && o.watermark->opacity <= 1))
    return fail(ErrorCode::invalid_argument, "The watermark's opacity goes from 0 to 1.");
  if (o.loudness && !(*o.loudness >= -70 && *o.loudness <= -5))
    return fail(ErrorCode::invalid_argument, "The loudness goes from -70 to -5 LUFS.");
  if (o.poster_seconds && !(*o.poster_seconds >= 0 && *o.poster_seconds < kMaxSeconds))
    return fail(ErrorCode::invalid_argument, "The poster's time goes from 0 to a billion seconds.");
  return {};
}

}  // namespace vf::pipeline
