// One act on a picture, from one frame to another. Internal to scale.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/av/ptr.h"
#include "media/scale/light.h"

namespace vf::media {

class Step {
 public:
  virtual ~Step() = default;
  // A frame of its own, or another reference to `from` where there is nothing to do. Only picture,
  // size and format are set, and pts.
  virtual Result<av::FramePtr> run(const AVFrame& from) = 0;
};

using StepPtr = std::unique_ptr<Step>;

// What a step gets: the size, format and matrix (AVColorSpace) of its input, or must produce.
struct PictureShape {
  int width = 0;
  int height = 0;
  int format = 0;
};

Result<StepPtr> make_scale_step(PictureShape from, const Light& light, PictureShape to, int to_matrix);
Result<StepPtr> make_matrix_step(PictureShape shape, LumaWeights from);
Result<StepPtr> make_tone_map_step(PictureShape from, const Light& light, int to_format);
Result<StepPtr> make_turn_step(PictureShape from, int rotation, bool mirrored);
// Anything with an alpha channel, to RGBA over black.
Result<StepPtr> make_flatten_step(PictureShape from, const Light& light);

}  // namespace vf::media
