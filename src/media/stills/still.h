// From a decoded frame to a picture file: upright, square pixels, SDR, in its size, in its format.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "media/scale/picture_spec.h"

namespace vf::media::stills {

struct StillSpec {
  PictureSpec picture;  // rotation, mirroring, sample aspect; no crop, watermark or text
  // Of the finished picture. Where it is the frame's own size and the frame needs nothing, its samples
  // are used as they are; else the picture is scaled (both even then).
  int width = 0;
  int height = 0;
  std::string format = "jpeg";  // or "png", "webp"
  int quality = 90;             // 1 to 100; PNG has none
};
BOOST_DESCRIBE_STRUCT(StillSpec, (), (picture, width, height, format, quality))

}  // namespace vf::media::stills
