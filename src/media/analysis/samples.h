// A decoded picture as planes of plain samples, whatever its format. Internal to the room.
#pragma once

#include <array>

#include "base/error.h"
#include "media/analysis/plane.h"
#include "media/av/ptr.h"

namespace vf::media::analysis {

// Keeps the picture; planes are Y, Cb, Cr, or Y alone.
struct Samples {
  av::FramePtr frame;
  std::array<Plane, 3> planes = {};
  int count = 0;  // of planes
  int depth = 8;  // bits
  bool full_range = false;

  bool same_shape(const Samples& other) const;
};

// Takes frames as they are where their samples lie in planes, and converts the others (RGB, palettes,
// packed formats) to 4:2:0.
class SampleReader {
 public:
  // Errors: no_memory, unsupported_input (a format that nothing converts).
  Result<Samples> read(const AVFrame& frame);

 private:
  Result<av::FramePtr> convert(const AVFrame& frame);

  av::SwsPtr context_;
  int format_ = -1;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace vf::media::analysis
