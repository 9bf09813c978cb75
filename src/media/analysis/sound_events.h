// Silence and clipping, sample by sample. Internal to the room.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "media/analysis/sound.h"

namespace vf::media::analysis {

class SoundEvents {
 public:
  SoundEvents(double silence_level, double silence_seconds, int clipping_samples)
      : silence_level_(static_cast<float>(silence_level)),
        silence_seconds_(silence_seconds),
        clipping_samples_(clipping_samples) {}

  // Interleaved samples whose first is heard at `seconds`; `full_scale` is the value that clips.
  void add(std::span<const float> samples, int channels, int rate, double seconds, float full_scale);

  // Nothing is heard from here to the next samples.
  void silent_from(double seconds);
  void finish(double seconds);

  const std::vector<Interval>& silence() const { return silence_; }
  const std::vector<Clipping>& clipping() const { return clipping_; }

 private:
  void end_silence(double seconds);
  void clip(double from, double to, std::int64_t samples);

  float silence_level_;
  double silence_seconds_;
  int clipping_samples_;
  std::optional<double> silent_since_;
  std::vector<std::int64_t> runs_;  // full-scale samples in a row, by channel
  std::vector<Interval> silence_;
  std::vector<Clipping> clipping_;
};

}  // namespace vf::media::analysis
