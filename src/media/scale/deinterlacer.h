// libavfilter's bwdif: one progressive frame for every interlaced one. Internal to scale.
//
// Looks at the frame before and after, so it answers one frame late.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/av/ptr.h"
#include "media/scale/picture_spec.h"

namespace vf::media {

class Deinterlacer {
 public:
  // For frames of the size and format of `like`; false from takes() means another one is needed.
  static Result<Deinterlacer> create(const AVFrame& like, Deinterlace mode);
  bool takes(const AVFrame& frame) const;

  Result<void> push(const AVFrame* frame);  // null = end
  Result<bool> pull(AVFrame* frame);        // pts is the pushed frame's

 private:
  av::FilterGraphPtr graph_;
  AVFilterContext* source_ = nullptr;
  AVFilterContext* sink_ = nullptr;
  int width_ = 0, height_ = 0, format_ = 0;
};

}  // namespace vf::media
