#include "media/analysis/sound_events.h"

#include <algorithm>
#include <cmath>

namespace vf::media::analysis {
namespace {

constexpr double kTogetherSeconds = 0.1;  // clipping this near is one place

}  // namespace

void SoundEvents::add(std::span<const float> samples, int channels, int rate, double seconds, float full_scale) {
  const auto step = static_cast<std::size_t>(channels);
  runs_.resize(step);
  const auto time = [&](std::size_t i) { return seconds + static_cast<double>(i) / rate; };
  for (std::size_t i = 0; (i + 1) * step <= samples.size(); ++i) {
    float peak = 0;
    for (std::size_t c = 0; c < step; ++c) peak = std::max(peak, std::abs(samples[i * step + c]));
    if (peak >= silence_level_) {
      if (silent_since_) end_silence(time(i));
    } else if (!silent_since_) {
      silent_since_ = time(i);
    }
    for (std::size_t c = 0; c < step; ++c) {
      if (std::abs(samples[i * step + c]) < full_scale) {
        runs_[c] = 0;
        continue;
      }
      if (++runs_[c] == clipping_samples_)
        clip(time(i) - static_cast<double>(runs_[c] - 1) / rate, time(i + 1), runs_[c]);
      else if (runs_[c] > clipping_samples_)
        clip(time(i), time(i + 1), 1);
    }
  }
}

void SoundEvents::silent_from(double seconds) {
  if (!silent_since_) silent_since_ = seconds;
  std::ranges::fill(runs_, 0);
}

void SoundEvents::finish(double seconds) {
  if (silent_since_) end_silence(seconds);
}

void SoundEvents::end_silence(double seconds) {
  if (seconds - *silent_since_ >= silence_seconds_ && silence_.size() < kMaxListed)
    silence_.push_back({*silent_since_, seconds});
  silent_since_.reset();
}

void SoundEvents::clip(double from, double to, std::int64_t samples) {
  if (!clipping_.empty() && from <= clipping_.back().to + kTogetherSeconds) {
    clipping_.back().to = std::max(clipping_.back().to, to);
    clipping_.back().samples += samples;
  } else if (clipping_.size() < kMaxListed) {
    clipping_.push_back({from, to, samples});
  }
}

}  // namespace vf::media::analysis
