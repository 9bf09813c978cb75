#include "media/encode/presets.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "media/av/ptr.h"
#include "media/probe/media_info.h"

namespace vf::media {
namespace {

// A speed of an encoder: its own name for it, and what is set on top.
struct SpeedRow {
  std::string_view name;
  std::string_view preset;  // the encoder's own
  std::string_view params;  // the encoder's own syntax, joined by ':'
};

struct CodecRow {
  std::string_view codec;
  std::string_view encoder;  // libav's name
  double low, medium, high;  // constant quality
  double best, worst;        // the scale's ends
  std::span<const SpeedRow> speeds;
};

// Our default adds to veryfast what buys most for its time: B-frames placed by a full search over a
// longer look-ahead, and one more step of motion refinement. Measured on two clips of real footage
// (720p, luma SSIM, one thread): 10 and 17 % fewer bits than veryfast, at 1.2 to 1.6 times its CPU;
// faster gets 12 and 8 % at 1.8 to 2 times.
constexpr std::array kX264Speeds = std::to_array<SpeedRow>({
    {"default", "veryfast", "b-adapt=2:rc-lookahead=20:subme=3"},
    {"ultrafast", "ultrafast", ""},
    {"superfast", "superfast", ""},
    {"veryfast", "veryfast", ""},
    {"faster", "faster", ""},
    {"fast", "fast", ""},
    {"medium", "medium", ""},
    {"slow", "slow", ""},
    {"slower", "slower", ""},
});

constexpr std::array kX265Speeds = std::to_array<SpeedRow>({
    {"default", "veryfast", ""},
    {"ultrafast", "ultrafast", ""},
    {"superfast", "superfast", ""},
    {"veryfast", "veryfast", ""},
    {"faster", "faster", ""},
    {"fast", "fast", ""},
    {"medium", "medium", ""},
    {"slow", "slow", ""},
});

constexpr std::array kSvtSpeeds = std::to_array<SpeedRow>({
    {"default", "9", ""},
    {"4", "4", ""},
    {"5", "5", ""},
    {"6", "6", ""},
    {"7", "7", ""},
    {"8", "8", ""},
    {"9", "9", ""},
    {"10", "10", ""},
    {"11", "11", ""},
    {"12", "12", ""},
});

constexpr std::array kVpxSpeeds = std::to_array<SpeedRow>({
    {"default", "4", ""},
    {"1", "1", ""},
    {"2", "2", ""},
    {"3", "3", ""},
    {"4", "4", ""},
    {"5", "5", ""},
});

// Medium is about the same picture from each: luma SSIM 0.95 or more on ordinary footage.
constexpr std::array kCodecs = std::to_array<CodecRow>({
    {"h264", "libx264", 27, 23, 19, 0, 51, kX264Speeds},
    {"hevc", "libx265", 28, 24, 20, 0, 51, kX265Speeds},
    {"av1", "libsvtav1", 40, 33, 26, 1, 63, kSvtSpeeds},
    {"vp9", "libvpx-vp9", 38, 32, 26, 1, 63, kVpxSpeeds},
});

const CodecRow* row_of(std::string_view codec) {
  const auto found = std::ranges::find(kCodecs, codec, &CodecRow::codec);
  return found == kCodecs.end() ? nullptr : &*found;
}

const SpeedRow* speed_of(const CodecRow& row, std::string_view name) {
  const auto found = std::ranges::find(row.speeds, name, &SpeedRow::name);
  return found == row.speeds.end() ? nullptr : &*found;
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string out;
  for (const auto& part : parts)
    if (!part.empty()) out += (out.empty() ? "" : ":") + part;
  return out;
}

// SMPTE ST 2086 in x265's units: 0.00002 of xy, 0.0001 cd/m2.
std::string x265_light(const HdrMetadata& m) {
  std::string out;
  if (m.display_primaries.size() == 8) {
    const auto& p = m.display_primaries;
    const auto xy = [](double v) { return std::lround(v * 50000); };
    out = fmt::format("master-display=G({},{})B({},{})R({},{})WP({},{})L({},{})", xy(p[2]), xy(p[3]), xy(p[4]),
                      xy(p[5]), xy(p[0]), xy(p[1]), xy(p[6]), xy(p[7]), std::lround(m.max_luminance * 10000),
                      std::lround(m.min_luminance * 10000));
  }
  if (m.max_cll > 0) out = joined({out, fmt::format("max-cll={},{}", m.max_cll, m.max_fall)});
  return out;
}

std::string svt_light(const HdrMetadata& m) {
  std::string out;
  if (m.display_primaries.size() == 8) {
    const auto& p = m.display_primaries;
    out = fmt::format(
        "mastering-display=G({:.5f},{:.5f})B({:.5f},{:.5f})R({:.5f},{:.5f})WP({:.5f},{:.5f})L({:.4f},{:.4f})", p[2],
        p[3], p[4], p[5], p[0], p[1], p[6], p[7], m.max_luminance, m.min_luminance);
  }
  if (m.max_cll > 0) out = joined({out, fmt::format("content-light={},{}", m.max_cll, m.max_fall)});
  return out;
}

std::string initial_buffer(const VideoEncoder& e) {
  return e.max_rate > 0 ? fmt::format("vbv-init={}", e.initial_buffer) : "";
}

using Options = std::map<std::string, std::string>;

// In all of these: one thread, closed GOPs, IDR pictures only where they are asked for (scene cuts
// become other intra pictures), and no code path that depends on the processor's results.
Options x264_options(const VideoEncoder& e, const SpeedRow& speed) {
  return {{"preset", std::string(speed.preset)},
          {"crf", fmt::format("{}", e.crf)},
          {"forced-idr", "1"},
          {"x264-params", joined({"keyint=infinite", "min-keyint=1000000", "open-gop=0", "cpu-independent=1",
                                  "stitchable=1", initial_buffer(e), std::string(speed.params)})}};
}

Options x265_options(const VideoEncoder& e, const SpeedRow& speed, const HdrMetadata* mastering) {
  return {{"preset", std::string(speed.preset)},
          {"crf", fmt::format("{}", e.crf)},
          {"forced-idr", "1"},
          {"x265-params", joined({"keyint=-1", "min-keyint=1000000", "open-gop=0", "pools=none", "frame-threads=1",
                                  "wpp=0", "info=0", "repeat-headers=0", "log-level=none", initial_buffer(e),
                                  mastering ? "hdr10=1:" + x265_light(*mastering) : "", std::string(speed.params)})}};
}

Options svt_options(const VideoEncoder& e, const SpeedRow& speed, const HdrMetadata* mastering) {
  return {{"preset", std::string(speed.preset)},
          {"crf", fmt::format("{}", std::lround(e.crf))},
          {"svtav1-params", joined({"lp=1", "scd=0", "enable-overlays=0", mastering ? svt_light(*mastering) : "",
                                    std::string(speed.params)})}};
}

Options vpx_options(const VideoEncoder& e, const SpeedRow& speed) {
  return {{"deadline", "good"},
          {"cpu-used", std::string(speed.preset)},
          {"crf", fmt::format("{}", std::lround(e.crf))},
          // Constrained quality: the cap is the mean rate that quality may not exceed.
          {"b", fmt::format("{}", e.max_rate)},
          {"row-mt", "0"},
          {"tile-columns", "1"},
          {"auto-alt-ref", "1"},
          {"lag-in-frames", "25"}};
}

}  // namespace

Result<VideoEncoder> choose_video_encoder(std::string_view codec, std::string_view quality, std::string_view speed,
                                          std::int64_t max_rate) {
  const auto* row = row_of(codec);
  if (!row)
    return fail(ErrorCode::invalid_argument,
                fmt::format("No codec is named {}: choose h264, hevc, av1 or vp9.", codec));
  if (!avcodec_find_encoder_by_name(std::string(row->encoder).c_str()))
    return fail(ErrorCode::unsupported_input,
                fmt::format("This build of libav cannot encode {} (it lacks {}).", codec, row->encoder));
  VideoEncoder out;
  out.codec = codec;
  out.preset = speed.empty() ? "default" : std::string(speed);
  if (!speed_of(*row, out.preset)) {
    std::string names;
    for (const auto& s : row->speeds) names += (names.empty() ? "" : ", ") + std::string(s.name);
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} has no speed named {}: choose one of {}.", codec, speed, names));
  }
  if (quality == "low") {
    out.crf = row->low;
  } else if (quality == "medium" || quality.empty()) {
    out.crf = row->medium;
  } else if (quality == "high") {
    out.crf = row->high;
  } else {
    const auto [end, code] = std::from_chars(quality.data(), quality.data() + quality.size(), out.crf);
    if (code != std::errc() || end != quality.data() + quality.size() ||
        !(out.crf >= row->best && out.crf <= row->worst))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("A quality is low, medium, high or for {} a number from {} (best) to {}, not {}.", codec,
                              row->best, row->worst, quality));
  }
  out.max_rate = max_rate;
  out.buffer_size = 2 * max_rate;
  return out;
}

void limit_rate(VideoEncoder& encoder, std::int64_t cap, double film_seconds, int chunks) {
  constexpr double kBurstSeconds = 3.0;
  constexpr double kBufferSeconds = 2.0;
  constexpr double kLeastOfCap = 0.8;
  encoder.max_rate = cap;
  encoder.buffer_size = static_cast<std::int64_t>(kBufferSeconds * static_cast<double>(cap));
  if (film_seconds < kBurstSeconds) return;
  const double spent = kBufferSeconds * encoder.initial_buffer * chunks / film_seconds;
  encoder.max_rate = static_cast<std::int64_t>(static_cast<double>(cap) * std::max(kLeastOfCap, 1 - spent));
}

std::vector<std::string> speed_names(std::string_view codec) {
  std::vector<std::string> out;
  if (const auto* row = row_of(codec))
    for (const auto& speed : row->speeds) out.emplace_back(speed.name);
  return out;
}

std::string encoder_version(std::string_view codec) {
  const auto* row = row_of(codec);
  const auto* encoder = row ? avcodec_find_encoder_by_name(std::string(row->encoder).c_str()) : nullptr;
  if (!encoder) return {};
  return fmt::format("{} lavc{}", row->encoder, avcodec_version());
}

Result<EncoderSettings> settings_for(const VideoEncoder& encoder, const Target&, const HdrMetadata* mastering) {
  const auto* row = row_of(encoder.codec);
  const auto* speed = row ? speed_of(*row, encoder.preset) : nullptr;
  if (!speed)
    return fail(ErrorCode::invalid_argument,
                fmt::format("Nothing is known of the codec {} at speed {}.", encoder.codec, encoder.preset));
  EncoderSettings out;
  out.encoder = row->encoder;
  if (encoder.codec == "h264") out.options = x264_options(encoder, *speed);
  if (encoder.codec == "hevc") out.options = x265_options(encoder, *speed, mastering);
  if (encoder.codec == "av1") {
    out.options = svt_options(encoder, *speed, mastering);
    // SVT-AV1 up to 1.4 takes key frames by request only in its low-delay mode.
    out.own_encoder_per_segment = true;
  }
  if (encoder.codec == "vp9") out.options = vpx_options(encoder, *speed);
  for (const auto& [name, value] : encoder.options) {
    auto& slot = out.options[name];
    slot = name.ends_with("-params") ? joined({slot, value}) : value;
  }
  return out;
}

}  // namespace vf::media
