// One swscale context: size, pixel format and range in one pass, the colour matrix left alone.
// Internal to scale.
#pragma once

#include "base/error.h"
#include "media/av/ptr.h"
#include "media/scale/light.h"

namespace vf::media {

class Scaler {
 public:
  struct Picture {
    int width = 0;
    int height = 0;
    int format = 0;  // AVPixelFormat
  };

  // Y'CbCr keeps the matrix of `from_light`; RGB becomes `to_matrix` (an AVColorSpace). The result is
  // of limited range unless it is RGB.
  static Result<Scaler> create(Picture from, const Light& from_light, Picture to, int to_matrix);

  Result<void> run(const AVFrame& from, AVFrame& to);

 private:
  av::SwsPtr context_;
};

}  // namespace vf::media
