// A short animated picture (WebP) that shows what a video is about: a few stretches of it one after the
// other, without sound.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "media/scale/picture_spec.h"
#include "media/stills/frame_list.h"

namespace vf::media::stills {

struct PreviewSpec {
  int stream_index = 0;
  FrameList frames;  // each is shown for the time of its own
  int frame_ms = 125;
  PictureSpec picture;    // as in the stills
  int display_width = 0;  // of the source: upright, square pixels
  int display_height = 0;
  int max_width = 320;
  int max_height = 320;
  int quality = 60;  // 1 to 100
};
BOOST_DESCRIBE_STRUCT(PreviewSpec, (),
                      (stream_index, frames, frame_ms, picture, display_width, display_height, max_width, max_height,
                       quality))

struct Preview {
  int width = 0;
  int height = 0;
  int frames = 0;
  double duration_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(Preview, (), (width, height, frames, duration_seconds))

// Appends the animation to `out_fd`; it repeats for ever. Errors: invalid_input when nothing decodes.
Result<Preview> make_preview(int fd, const PreviewSpec& spec, int out_fd);

}  // namespace vf::media::stills
