// A decoded frame made small at once, in its own colours, so that everything that follows (tone
// mapping, rotation) works on few pixels; and the finished little picture. Internal to media.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/av/ptr.h"
#include "media/frames/jpeg.h"
#include "media/scale/picture_chain.h"

namespace vf::media::frames {

// The largest even size of this display shape inside the box; never larger than the shape itself.
Size fit(Size display, Size box);

// Turns frames of one video into upright, square-pixel SDR pictures of one small size.
class SmallPictures {
 public:
  // `display`: size of the upright source in square pixels, before the crop of `spec`.
  SmallPictures(const PictureSpec& spec, Size display, Size result);
  Result<RgbPicture> make(const AVFrame* frame);

 private:
  Result<av::FramePtr> shrink(const AVFrame* frame);

  PictureSpec spec_;
  Size coded_;  // what frames are shrunk to: not yet rotated or cropped
  Size result_;
  av::SwsPtr context_;
  Size context_size_;
  int context_format_ = -1;
};

}  // namespace vf::media::frames
