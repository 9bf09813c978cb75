#include "media/analysis/loudness_curve.h"

#include <algorithm>
#include <cmath>

#include <ebur128.h>

extern "C" {
#include <libavutil/channel_layout.h>
}

namespace vf::media::analysis {
namespace {

constexpr std::int64_t kStepsASecond = 10;  // EBU Tech 3341: meters are read at least so often
constexpr std::int64_t kMomentarySteps = 4;
constexpr std::int64_t kShortTermSteps = 30;
constexpr double kGate = -70;  // LUFS; below it is silence
constexpr double kNothing = -1000;

double decibels(double amplitude) { return amplitude > 0 ? 20 * std::log10(amplitude) : -200; }

std::optional<double> audible(double lufs) {
  if (!std::isfinite(lufs) || lufs < kGate) return std::nullopt;
  return lufs;
}

}  // namespace

void LoudnessCurve::open(const AVChannelLayout& layout, int sample_rate) {
  meter_ = make_meter(layout, sample_rate);
  channels_ = static_cast<std::size_t>(layout.nb_channels);
  step_ = std::max<std::size_t>(1, static_cast<std::size_t>(sample_rate) / kStepsASecond);
}

void LoudnessCurve::add(std::span<const float> interleaved) {
  if (!meter_) return;
  while (!interleaved.empty()) {
    const auto frames = std::min(interleaved.size() / channels_, step_ - in_step_);
    if (frames == 0) return;
    if (ebur128_add_frames_float(meter_.get(), interleaved.data(), frames) != EBUR128_SUCCESS) return;
    for (unsigned c = 0; c < channels_; ++c)
      if (double peak = 0; ebur128_prev_true_peak(meter_.get(), c, &peak) == EBUR128_SUCCESS && peak > peak_) {
        peak_ = peak;
        peak_step_ = steps_;
      }
    interleaved = interleaved.subspan(frames * channels_);
    in_step_ += frames;
    if (in_step_ == step_) step_done();
  }
}

void LoudnessCurve::add_silence(double seconds) {
  const std::vector<float> silence(step_ * channels_);
  auto left = static_cast<std::size_t>(seconds * static_cast<double>(step_ * kStepsASecond));
  while (meter_ && left > 0) {
    const auto frames = std::min(left, step_);
    add(std::span(silence).first(frames * channels_));
    left -= frames;
  }
}

void LoudnessCurve::step_done() {
  in_step_ = 0;
  ++steps_;
  double value = kNothing;
  if (steps_ >= kMomentarySteps && ebur128_loudness_momentary(meter_.get(), &value) == EBUR128_SUCCESS)
    second_momentary_ = std::max(second_momentary_, value);
  if (steps_ % kStepsASecond != 0) return;
  LoudnessPoint point;
  point.momentary_lufs = audible(second_momentary_);
  max_momentary_ = std::max(max_momentary_, std::exchange(second_momentary_, kNothing));
  if (steps_ >= kShortTermSteps && ebur128_loudness_shortterm(meter_.get(), &value) == EBUR128_SUCCESS) {
    point.short_term_lufs = audible(value);
    max_short_term_ = std::max(max_short_term_, value);
  }
  points_.push_back(point);
}

std::optional<Loudness> LoudnessCurve::result(double start_seconds) const {
  Loudness out;
  if (!meter_ || ebur128_loudness_global(meter_.get(), &out.integrated_lufs) != EBUR128_SUCCESS ||
      !audible(out.integrated_lufs))
    return std::nullopt;
  if (ebur128_loudness_range(meter_.get(), &out.range_lu) != EBUR128_SUCCESS || !std::isfinite(out.range_lu))
    out.range_lu = 0;
  out.true_peak_dbtp = decibels(peak_);
  out.true_peak_seconds = start_seconds + static_cast<double>(peak_step_) / kStepsASecond;
  out.max_momentary_lufs = std::max(max_momentary_, second_momentary_);
  if (max_short_term_ > kNothing) out.max_short_term_lufs = max_short_term_;
  return out;
}

}  // namespace vf::media::analysis
