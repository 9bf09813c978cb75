// A look inside the first packets of a video: what only a decoder can tell.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "media/av/ptr.h"
#include "media/probe/media_info.h"

namespace vf::media {

struct HeadDecode {
  int width = 0;
  int height = 0;
  int pixel_format = -1;                  // AVPixelFormat; -1: no frame came out
  bool interlaced = false;                // any frame is flagged so
  bool top_first = false;                 // of the interlaced ones
  std::optional<HdrMetadata> mastering;   // of the first frame that carries any
  std::vector<std::int64_t> frame_ticks;  // time stamps of the frames that came out, as they came
};

// Decodes the packets in order on one thread, at most `max_frames` frames. What cannot be decoded simply does not
// appear.
HeadDecode decode_head(const AVStream* stream, std::span<const av::PacketPtr> packets, std::int64_t max_pixels,
                       int max_frames);

}  // namespace vf::media
