#include "pipeline/plans/fit.h"

#include <fmt/format.h>

namespace vf::pipeline {
namespace {

constexpr double kPeakFactor = 1.5;

std::string megabits(std::int64_t bits) { return fmt::format("{:.2f} Mbit/s", static_cast<double>(bits) / 1e6); }

std::optional<std::string> look_reason(const media::VideoInfo& v) {
  if (v.rotation != 0 || v.mirrored) return "it must be turned upright";
  if (v.sample_aspect.num != v.sample_aspect.den && v.sample_aspect.num != 0) return "its pixels are not square";
  if (v.field_order != "progressive") return "it is interlaced";
  if (v.bit_depth != 8 || v.chroma != "4:2:0")
    return fmt::format("it is {} bit {}, and browsers play 8 bit 4:2:0", v.bit_depth, v.chroma);
  if (v.color.hdr != "sdr") return "it is HDR and the rung is SDR";
  if (v.color.range == "full") return "it is full range";
  return std::nullopt;
}

std::optional<std::string> picture_reason(const media::VideoInfo& v, const Rung& rung) {
  if (auto reason = look_reason(v)) return reason;
  if (v.width > rung.box_width || v.height > rung.box_height)
    return fmt::format("{}x{} is larger than the rung's {}x{}", v.width, v.height, rung.box_width, rung.box_height);
  if (v.width != rung.width || v.height != rung.height)
    return fmt::format("its size {}x{} is not even", v.width, v.height);
  return std::nullopt;
}

std::optional<std::string> gop_reason(const media::GopInfo& gop) {
  if (!gop.closed) return "its groups of pictures are open";
  if (!gop.constant_parameter_sets) return "its parameters change on the way";
  if (gop.max_seconds > kMaxKeyGapSeconds)
    return fmt::format("it has {:.1f} s without a key frame (at most {:.0f} s)", gop.max_seconds, kMaxKeyGapSeconds);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_not_copied(const media::StreamInfo& stream, const Rung& rung, const std::string& codec,
                                          std::int64_t cap) {
  if (!stream.video) return "it is no video";
  if (stream.codec != codec) return fmt::format("it is {}, not {}", stream.codec, codec);
  if (stream.codec_tag == "avc3" || stream.codec_tag == "hev1") return "its parameter sets stand inside the pictures";
  if (auto reason = picture_reason(*stream.video, rung)) return reason;
  if (stream.bit_rate > cap) return fmt::format("{} is above the cap of {}", megabits(stream.bit_rate), megabits(cap));
  const auto peak = static_cast<std::int64_t>(kPeakFactor * static_cast<double>(cap));
  if (stream.peak_bit_rate > peak)
    return fmt::format("its busiest second has {}, above {}", megabits(stream.peak_bit_rate), megabits(peak));
  return gop_reason(stream.video->gop);
}

std::optional<std::string> why_not_played(const media::StreamInfo& stream) {
  constexpr double kLongestGap = 12;  // a segment of it is as long
  if (!stream.video) return "it is no video";
  if (stream.codec != "h264" || stream.codec_tag == "avc3") return fmt::format("it is {}", stream.codec);
  if (auto reason = look_reason(*stream.video)) return reason;
  if (!stream.video->gop.closed) return "its groups of pictures are open";
  if (!stream.video->gop.constant_parameter_sets) return "its parameters change on the way";
  if (stream.video->gop.max_seconds > kLongestGap) return "its key frames are too rare";
  return std::nullopt;
}

}  // namespace vf::pipeline
