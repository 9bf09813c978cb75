// Measures every picture of a stretch of video, decoding it once. What needs the picture before or after
// is measured across the edge: a chunk decodes on into the next one's first two pictures, which begin
// with a key frame and therefore cost next to nothing, and says what the first of them is like.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"
#include "media/scale/picture_spec.h"

namespace vf::media::analysis {

// Ticks are the stream's.
struct VideoChunkSpec {
  int stream_index = 0;
  std::optional<std::int64_t> start_ticks;  // pictures from here on; empty = from the beginning
  std::optional<std::int64_t> end_ticks;    // the next chunk's first picture; empty = to the end
  std::int64_t after_end_ticks = 0;         // its second picture
  double black_threshold = 0.10;            // see MeterSpec
  double freeze_noise = 0.001;
  int crop_threshold = 24;
  // Small pictures for the time line: at these times, upright, side by side in one JPEG.
  std::vector<std::int64_t> tile_ticks;
  PictureSpec picture;
  Size display;  // of the upright source in square pixels
  Size tile;     // no larger than this
};
BOOST_DESCRIBE_STRUCT(VideoChunkSpec, (),
                      (stream_index, start_ticks, end_ticks, after_end_ticks, black_threshold, freeze_noise,
                       crop_threshold, tile_ticks, picture, display, tile))

struct VideoChunkResult {
  std::int64_t frames = 0;           // decoded
  std::int64_t errors_at_end = 0;    // packets lost after the last picture
  std::int64_t duplicate_times = 0;  // pictures left out because their time was not above the last one's
  Size tile;
  std::vector<std::int64_t> tile_ticks;  // of the tiles that were made, in order
  std::optional<std::string> failure;    // why nothing decodes
};
BOOST_DESCRIBE_STRUCT(VideoChunkResult, (), (frames, errors_at_end, duplicate_times, tile, tile_ticks, failure))

// Writes FrameRecords to `records_fd` and a JPEG (nothing where there are no tiles) to `tiles_fd`. Video
// that cannot be decoded at all is a result, not an error: the sound may still be worth a look.
Result<VideoChunkResult> measure_video_chunk(int fd, const VideoChunkSpec& spec, int records_fd, int tiles_fd,
                                             const std::function<void(double)>& progress = {});

}  // namespace vf::media::analysis
