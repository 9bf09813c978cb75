// The storyboard: small pictures of the whole film on one sheet, and a WebVTT file that says which
// part of the sheet belongs to which time (`storyboard.jpg#xywh=160,0,160,90`, Media Fragments 1.0).
//
// Only key frames are decoded, and of those only the ones that become tiles, on two threads.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"
#include "media/scale/picture_spec.h"

namespace vf::media::frames {

struct StoryboardSpec {
  int stream_index = 0;
  PictureSpec picture;    // rotation, crop and tone mapping as in the renditions
  int display_width = 0;  // of the source: upright, square pixels
  int display_height = 0;
  double start_seconds = 0;     // on the source's time line: becomes 0
  double duration_seconds = 0;  // 0 = to the end
  int columns = 10;
  int max_tiles = 100;
  int tile_width = 160;  // pixels; a tile is at most as high as wide
  double min_interval_seconds = 1;
  int workers = 2;                            // threads; the result does not depend on them
  std::string image_name = "storyboard.jpg";  // as the WebVTT file names it
};
BOOST_DESCRIBE_STRUCT(StoryboardSpec, (),
                      (stream_index, picture, display_width, display_height, start_seconds, duration_seconds, columns,
                       max_tiles, tile_width, min_interval_seconds, workers, image_name))

struct Storyboard {
  int tiles = 0;
  int columns = 0;
  int rows = 0;
  int tile_width = 0;
  int tile_height = 0;
  double interval_seconds = 0;  // mean
  std::vector<double> starts;   // when each tile's time begins, from the start of the film
  double end_seconds = 0;       // of the last one's
};
BOOST_DESCRIBE_STRUCT(Storyboard, (),
                      (tiles, columns, rows, tile_width, tile_height, interval_seconds, starts, end_seconds))

// Appends the JPEG to `jpeg_fd` and the WebVTT to `vtt_fd`. `index` is the source's, as probe wrote it.
// Errors: invalid_input when not one key frame decodes.
Result<Storyboard> make_storyboard(int fd, const StoryboardSpec& spec, const VideoIndex& index, int jpeg_fd,
                                   int vtt_fd);

// Which key frames become tiles: nearest to evenly spread times, each one once, ascending.
std::vector<std::int64_t> choose_tiles(const StoryboardSpec& spec, const VideoIndex& index);

}  // namespace vf::media::frames
