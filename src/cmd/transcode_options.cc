#include "cmd/transcode_options.h"

#include <fmt/format.h>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "app/presets.h"
#include "cmd/arguments.h"

namespace vf::cmd {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  boost::split(parts, text, boost::is_any_of(","));
  return parts;
}

// FROM-TO, either side may be missing.
Result<pipeline::ClipRange> clip_of(const std::string& text) {
  const auto dash = text.find('-');
  const auto refuse = [&] { return wrong("--clip", text, "10-20, 1:30-2:00 or 90- (to the end)"); };
  if (dash == std::string::npos) return refuse();
  const auto from = dash == 0 ? 0.0 : time_of(std::string_view(text).substr(0, dash));
  const auto to = dash + 1 == text.size() ? 0.0 : time_of(std::string_view(text).substr(dash + 1));
  if (!from || !to || text.size() < 2) return refuse();
  // An end of 0 that was typed is not the end that was left out.
  if (dash + 1 < text.size() && *to <= *from)
    return fail(ErrorCode::invalid_argument,
                fmt::format("--clip '{}' is empty. Its end must come after its start.", text));
  return pipeline::ClipRange{*from, *to};
}

void subtitles_of(const std::string& text, app::TranscodeRequest& request) {
  auto& options = request.options;
  if (!text.starts_with("burn:")) {
    options.subtitles = text;
    return;
  }
  options.subtitles = "burn";
  const auto what = text.substr(5);
  // A language tag is short and has no dot; anything else is a file.
  if (what.find_first_of("./") == std::string::npos && what.size() <= 8) {
    options.burn_language = what;
  } else {
    options.burn_file = true;
    request.subtitle_file = what;
  }
}

}  // namespace

void add_transcode_options(CLI::App& command, TranscodeArguments& a) {
  command.add_option("input", a.input, "the video")->required()->type_name("FILE");
  command.add_option("--preset", a.preset, "start from a preset: a name of `videoforge presets`, or a file")
      ->type_name("NAME|FILE.json");
  command
      .add_option("--ladder", a.ladder,
                  "sizes to make: auto, or some of 2160p,1080p,720p,480p,360p (default auto; never enlarges)")
      ->type_name("RUNGS");
  command.add_option("--codec", a.codecs, "some of h264,hevc,av1,vp9 (default h264)")->type_name("CODECS");
  command
      .add_option("--quality", a.quality,
                  "low, medium, high, or a constant-quality number of the encoder (default medium)")
      ->type_name("Q");
  command
      .add_option("--speed", a.speed, "an encoder's own speed preset, such as veryfast or slow (default: our settings)")
      ->type_name("NAME");
  command.add_option("--clip", a.clip, "only a part: 10-20, 1:30-2:00, 90-")->type_name("FROM-TO");
  command.add_option("--crop", a.crop, "only a rectangle of the upright picture")->type_name("WxH+X+Y");
  command.add_option("--watermark", a.watermark, "a picture laid over the video: logo.png,bottom-right,0.8")
      ->type_name("PNG,POS,OPACITY");
  command
      .add_option("--subtitles", a.subtitles, "keep, none, burn:LANG (the source's own) or burn:FILE (default keep)")
      ->type_name("WAY");
  command.add_option("--loudness", a.loudness, "bring the sound to this loudness, in LUFS (EBU R128), such as -16")
      ->type_name("LUFS");
  command.add_option("--encrypt", a.encrypt, "none, cbcs (HLS and DASH) or aes128 (HLS only)")->type_name("SCHEME");
  command
      .add_option("--poster-at", a.poster_at,
                  "second of the film whose picture becomes the poster (default: a good one is looked for)")
      ->type_name("SECONDS");
  command.add_flag("--no-audio", a.no_audio, "leave the sound out");
  command.add_flag("--no-copy", a.no_copy, "encode every stream, also one that fits as it is");
}

Result<app::TranscodeRequest> to_request(const TranscodeArguments& a) {
  app::TranscodeRequest request;
  request.input = a.input;
  auto& o = request.options;
  if (!a.preset.empty()) o = VF_TRY(app::load_preset(a.preset));
  if (!a.ladder.empty()) o.ladder = split(a.ladder);
  if (!a.codecs.empty()) o.codecs = split(a.codecs);
  if (!a.quality.empty()) o.quality = a.quality;
  if (!a.speed.empty()) o.speed = a.speed;
  if (!a.clip.empty()) o.clip = VF_TRY(clip_of(a.clip));
  if (!a.crop.empty()) o.crop = VF_TRY(crop_of(a.crop));
  if (!a.watermark.empty()) o.watermark = VF_TRY(watermark_of(a.watermark, request.watermark));
  if (!a.subtitles.empty()) subtitles_of(a.subtitles, request);
  if (a.has_loudness) o.loudness = a.loudness;
  if (!a.encrypt.empty()) o.encrypt = a.encrypt;
  if (a.has_poster_at) o.poster_seconds = a.poster_at;
  if (a.no_audio) o.audio = false;
  if (a.no_copy) o.copy = false;
  VF_CHECK(pipeline::check(o));
  return request;
}

}  // namespace vf::cmd
