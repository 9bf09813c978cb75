// The decoded sound of one stream, block by block, with the time at which each block belongs.
//
// Damage does not end it: a packet that does not decode becomes a lost block of the same length.
// Owns its demuxer and decoder; not thread-safe. Input trimming (encoder delay, edit lists) is
// applied by libav, so a block starts where its first sample is heard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/rational.h"

struct AVFrame;

namespace vf::media::audio {

struct AudioBlock {
  const AVFrame* frame = nullptr;  // null: this much sound was lost; valid until the next call
  std::int64_t pts = 0;            // of the stream's time base, on the container's time line
  std::int64_t duration = 0;       // of the stream's time base
};

class AudioReader {
 public:
  // `parts`: descriptors read as one file in this order (see av::InputOptions); they stay the
  // caller's. Errors: invalid_argument (no such audio stream), unsupported_input (no decoder).
  static Result<AudioReader> create(const std::vector<int>& parts, int stream_index);

  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;
  ~AudioReader();

  // The next block, or an empty optional at the end.
  Result<std::optional<AudioBlock>> next();

  Rational time_base() const;
  int sample_rate() const;  // as the container says; a frame's own rate wins
  int channels() const;
  int damaged() const;  // packets that did not decode
  std::int64_t packets() const;
  // How far the demuxer has read, 0 to 1, for progress.
  double position() const;

 private:
  struct State;
  explicit AudioReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::audio
