// The sound of a stream in windows of time, mono at 8 kHz, each block where its time stamp says.
// Internal to the room.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "media/audio/audio_reader.h"

namespace vf::media::verify {

constexpr int kWindowRate = 8000;

class PlacedSound {
 public:
  // `origin_seconds` of the stream's time line becomes 0.
  PlacedSound(audio::AudioReader reader, double origin_seconds);

  // The next window, [k * seconds, (k + 1) * seconds). Empty at the end of the sound.
  Result<std::vector<float>> next(double seconds);

  // Continuity as the time stamps and sample counts tell it, in seconds.
  double end_seconds() const { return end_; }
  double largest_jump_seconds() const { return largest_jump_; }
  double jump_at_seconds() const { return jump_at_; }
  int damaged() const { return reader_.damaged(); }

 private:
  Result<void> fill(double until);
  void put(const audio::AudioBlock& block);

  audio::AudioReader reader_;
  double origin_;
  double window_start_ = 0;
  int rate_ = 0;
  std::vector<float> native_;  // from window_start_ on, at rate_
  double end_ = 0;
  bool started_ = false;
  bool ended_ = false;
  double largest_jump_ = 0;
  double jump_at_ = 0;
};

}  // namespace vf::media::verify
