// Loudness over time and of the whole, by libebur128. Internal to the room.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "media/analysis/sound.h"
#include "media/probe/meter.h"

namespace vf::media::analysis {

class LoudnessCurve {
 public:
  void open(const AVChannelLayout& layout, int sample_rate);
  void add(std::span<const float> interleaved);
  void add_silence(double seconds);

  // Empty where nothing was louder than the absolute gate of -70 LUFS. `start_seconds`: of the first sample.
  std::optional<Loudness> result(double start_seconds) const;
  const std::vector<LoudnessPoint>& points() const { return points_; }

 private:
  void step_done();

  MeterPtr meter_;
  std::size_t channels_ = 0;
  std::size_t step_ = 0;     // frames of a tenth of a second
  std::size_t in_step_ = 0;  // frames of the current tenth
  std::int64_t steps_ = 0;
  double second_momentary_ = -1000;
  double peak_ = 0;
  std::int64_t peak_step_ = 0;
  double max_momentary_ = -1000;
  double max_short_term_ = -1000;
  std::vector<LoudnessPoint> points_;
};

}  // namespace vf::media::analysis
