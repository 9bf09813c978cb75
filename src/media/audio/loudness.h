// Loudness by EBU R128 (ITU-R BS.1770-4), and the gain that brings sound to a target without
// clipping. Linear gain only: dynamics stay as they were made.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "media/audio/continuous_sound.h"
#include "media/probe/media_info.h"

namespace vf::media::audio {

constexpr double kTruePeakLimit = -1.0;  // dBTP (EBU R128: programmes peak at -1 dBTP at most)

class LoudnessMeter {
 public:
  static Result<LoudnessMeter> create(const SoundFormat& format);
  LoudnessMeter(LoudnessMeter&&) noexcept;
  LoudnessMeter& operator=(LoudnessMeter&&) noexcept;
  ~LoudnessMeter();

  Result<void> add(const float* const* planes, int samples);

  // What was heard so far; empty for silence (nothing above the absolute gate of -70 LUFS).
  std::optional<LoudnessInfo> result() const;

 private:
  struct State;
  explicit LoudnessMeter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// dB to add so that `measured` reaches `target_lufs`, as far as the true peak allows.
double gain_to_reach(double target_lufs, const LoudnessInfo& measured);

}  // namespace vf::media::audio
