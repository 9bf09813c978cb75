// The poster: one picture that stands for the film. Not black, not blurred, not in the middle of a
// transition: chosen among key frames by brightness, contrast, sharpness and stillness.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"
#include "media/scale/picture_spec.h"

namespace vf::media::frames {

struct PosterSpec {
  int stream_index = 0;
  PictureSpec picture;    // as in the renditions
  int display_width = 0;  // of the source: upright, square pixels
  int display_height = 0;
  double start_seconds = 0;     // on the source's time line: becomes 0
  double duration_seconds = 0;  // 0 = to the end
  int max_width = 1280;
  int max_height = 1280;
  std::optional<double> at_seconds;  // from the start: exactly the picture shown then
};
BOOST_DESCRIBE_STRUCT(PosterSpec, (),
                      (stream_index, picture, display_width, display_height, start_seconds, duration_seconds, max_width,
                       max_height, at_seconds))

struct Poster {
  int width = 0;
  int height = 0;
  double at_seconds = 0;  // from the start: when the picture is shown
};
BOOST_DESCRIBE_STRUCT(Poster, (), (width, height, at_seconds))

// Appends a JPEG to `jpeg_fd`. `index` is the source's, as probe wrote it. Errors: invalid_input when
// nothing decodes.
Result<Poster> make_poster(int fd, const PosterSpec& spec, const VideoIndex& index, int jpeg_fd);

}  // namespace vf::media::frames
