#include "pipeline/plans/cost.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vf::pipeline {
namespace {

// CPU seconds per million pixels at our settings, measured on one core of a server of 2023.
struct EncoderSpeed {
  std::string_view codec;
  double low, medium, high;
};
constexpr std::array kEncoders = std::to_array<EncoderSpeed>({
    {"h264", 0.0105, 0.014, 0.020},
    {"hevc", 0.04, 0.07, 0.16},
    {"vp9", 0.05, 0.09, 0.20},
    {"av1", 0.03, 0.06, 0.14},
});
constexpr double kDecodePerMegapixel = 0.0022;
constexpr double kScalePerMegapixel = 0.0006;
constexpr double kVerifyPerMegapixel = 0.0026;
// An encoder's beginning: its tables, and the first touch of the pictures it keeps.
constexpr double kEncoderStart = 0.03;
constexpr double kEncoderStartPerMegapixel = 0.06;
constexpr std::int64_t kProcessMemory = 60LL << 20;

double megapixels(const Footage& f) { return f.pixels * f.frames / 1e6; }

std::int64_t picture_bytes(const Footage& f) { return static_cast<std::int64_t>(f.pixels * 1.5); }

}  // namespace

jobs::StageCost decode_cost(const Footage& source, std::int64_t) {
  return {megapixels(source) * kDecodePerMegapixel, kProcessMemory + 24 * picture_bytes(source), 0};
}

double encoder_start_seconds(double pixels) { return kEncoderStart + pixels / 1e6 * kEncoderStartPerMegapixel; }

jobs::StageCost encode_cost(const std::string& codec, const std::string& quality, const std::string& speed,
                            const Footage& rendition, std::int64_t max_bit_rate) {
  const auto row = std::ranges::find(kEncoders, codec, &EncoderSpeed::codec);
  const auto& speeds = row != kEncoders.end() ? *row : kEncoders.front();
  double per_megapixel = quality == "low" ? speeds.low : quality == "high" ? speeds.high : speeds.medium;
  if (speed == "ultrafast" || speed == "superfast") per_megapixel = speeds.low / 2;
  if (speed == "veryfast") per_megapixel = speeds.low;
  if (speed == "faster" || speed == "fast" || speed == "medium") per_megapixel = speeds.medium * 2;
  if (speed == "slow" || speed == "slower") per_megapixel = speeds.medium * 4;
  // Lookahead, references and queues: about eighty pictures.
  return {encoder_start_seconds(rendition.pixels) + megapixels(rendition) * (per_megapixel + kScalePerMegapixel),
          80 * picture_bytes(rendition) + (8LL << 20),
          static_cast<std::int64_t>(static_cast<double>(max_bit_rate) / 8 * rendition.seconds * 1.2) + (64LL << 10)};
}

jobs::StageCost copy_cost(std::int64_t bytes) {
  return {0.02 + static_cast<double>(bytes) / 400e6, kProcessMemory, bytes + bytes / 50 + (64LL << 10)};
}

jobs::StageCost audio_cost(double seconds, int channels) {
  return {0.05 + seconds * 0.015 * std::max(1, channels), kProcessMemory + (32LL << 20),
          static_cast<std::int64_t>(seconds * 12'000 * std::max(1, channels)) + (64LL << 10)};
}

jobs::StageCost verify_cost(const Footage& rendition) {
  return {0.02 + megapixels(rendition) * kVerifyPerMegapixel, kProcessMemory + 40 * picture_bytes(rendition), 0};
}

jobs::StageCost key_frame_cost(const Footage& source, double pictures) {
  return {0.05 + pictures * source.pixels / 1e6 * kDecodePerMegapixel * 3, kProcessMemory + 40 * picture_bytes(source),
          4LL << 20};
}

jobs::StageCost operator+(const jobs::StageCost& a, const jobs::StageCost& b) {
  return {a.cpu_seconds + b.cpu_seconds, a.memory_bytes + b.memory_bytes, a.output_bytes + b.output_bytes};
}

}  // namespace vf::pipeline
