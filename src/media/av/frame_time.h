// How long a frame is shown: the member changed its name with libavutil 57.30 (FFmpeg 6.0).
#pragma once

#include <cstdint>

extern "C" {
#include <libavutil/frame.h>
}

namespace vf::media::av {

// Ticks of the frame's own time base; 0 where it is unknown.
inline std::int64_t frame_duration(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame.duration;
#else
  return frame.pkt_duration;
#endif
}

inline void set_frame_duration(AVFrame& frame, std::int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  frame.duration = duration;
#else
  frame.pkt_duration = duration;
#endif
}

}  // namespace vf::media::av
