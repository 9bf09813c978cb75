// Key frames at given times, and nothing else decoded. Internal to media.
//
// Seeks to each one, decodes it alone and drains the decoder, so that the pictures between cost
// nothing. For pictures that become small: no loop filter, and reduced resolution where the codec can.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/rational.h"

struct AVFrame;

namespace vf::media::frames {

struct KeyFrameOptions {
  bool rough = false;      // skip the loop filter and other polish
  int smallest_width = 0;  // the codec may decode at 1/2, 1/4, 1/8 size down to this width; 0 = full size
  int following = 0;       // decode up to so many pictures after the key frame, too
};

class KeyFrameReader {
 public:
  // Errors: as av::Input::open; not_found (no such video), unsupported_input (the codec).
  static Result<KeyFrameReader> create(int fd, int stream_index, const KeyFrameOptions& options);
  KeyFrameReader(KeyFrameReader&&) noexcept;
  KeyFrameReader& operator=(KeyFrameReader&&) noexcept;
  ~KeyFrameReader();

  // The key frame at this time (ticks of the stream's time base, from VideoIndex::key_ticks) and the
  // pictures after it; empty where it does not decode. Cheapest in ascending order.
  Result<std::vector<AVFrame*>> at(std::int64_t ticks);

 private:
  struct State;
  explicit KeyFrameReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::frames
