// The caps of a probe. What exceeds one ends with limit_exceeded and a sentence that names the cap and
// its value; what may simply be left out (streams, chapters, long texts) is left out with a warning.
#pragma once

#include <cstdint>

#include "base/json.h"

namespace vf::media {

struct ProbeLimits {
  int max_side = 16'384;                  // coded samples, width and height each
  std::int64_t max_pixels = 67'108'864;   // coded width x height
  int max_streams = 64;                   // the rest is ignored with a warning ...
  int max_claimed_streams = 1'000;        // ... and a file that claims more than this is refused
  int max_chapters = 1'000;               // the rest is left out with a warning
  int max_text_bytes = 1'024;             // of one title, name or language; cut with a warning
  double max_duration_seconds = 86'400;   // measured, not claimed
  double max_frame_rate = 1'000;          // frames per second by the real time stamps
  std::int64_t max_frames = 10'000'000;   // of the main video stream
  std::int64_t max_packets = 50'000'000;  // of all streams together
};
BOOST_DESCRIBE_STRUCT(ProbeLimits, (),
                      (max_side, max_pixels, max_streams, max_claimed_streams, max_chapters, max_text_bytes,
                       max_duration_seconds, max_frame_rate, max_frames, max_packets))

}  // namespace vf::media
