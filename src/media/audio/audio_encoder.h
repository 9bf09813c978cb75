// An AAC or Opus encoder that writes fragments: continuous planar float in, a track chunk out.
// Internal to the room. Frames are numbered in media time from 0, the encoder's delay included.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "media/audio/continuous_sound.h"
#include "media/package/track.h"

namespace vf::media::audio {

struct EncoderSettings {
  std::string codec;
  std::int64_t bit_rate = 0;
  SoundFormat format;
  std::vector<double> segment_starts;
  int first_segment_number = 1;
  double gain_db = 0;
};

class AudioEncoder {
 public:
  // Errors: invalid_argument (codec, bit rate or channels that the encoder refuses).
  static Result<AudioEncoder> create(const EncoderSettings& settings, int out_fd);
  AudioEncoder(AudioEncoder&&) noexcept;
  AudioEncoder& operator=(AudioEncoder&&) noexcept;
  ~AudioEncoder();

  Result<void> add(const float* const* planes, int samples);
  Result<TrackChunk> finish();
  std::int64_t samples() const;  // added so far

 private:
  struct State;
  explicit AudioEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Decides where segments begin: at the first frame border at or after each start.
class SegmentCutter {
 public:
  // Starts in seconds of presentation; `priming` in ticks of `timescale`.
  SegmentCutter(const std::vector<double>& starts, int timescale, std::int64_t priming);
  // True where a frame at this media time (ticks) begins a new segment. Ask in ascending order.
  bool begins_segment(std::int64_t media_time);

 private:
  std::vector<std::int64_t> borders_;
  std::size_t next_ = 0;
};

}  // namespace vf::media::audio
