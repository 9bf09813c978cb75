// Sound faster or slower at the same pitch (libavfilter's atempo), to the sample: as many come out as went in,
// divided by the tempo. Internal to the room.
#pragma once

#include <cstdint>
#include <memory>

#include "media/audio/continuous_sound.h"

namespace vf::media::audio {

class Tempo {
 public:
  // `sink` must outlive it. Errors: invalid_argument (a tempo that is not from 0.1 to 10).
  static Result<Tempo> create(const SoundFormat& format, double tempo, const SoundSink& sink);
  Tempo(Tempo&&) noexcept;
  Tempo& operator=(Tempo&&) noexcept;
  ~Tempo();

  Result<void> add(const float* const* planes, int samples);
  Result<void> finish();

 private:
  struct State;
  explicit Tempo(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::audio
