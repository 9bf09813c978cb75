// The steps that make every target's picture of one kind of source frame. Internal to scale.
#pragma once

#include <span>
#include <vector>

#include "media/scale/picture_spec.h"
#include "media/scale/steps.h"

namespace vf::media {

// Draws the watermark and the subtitles on pictures of one shape; null where there are none.
class Artist {
 public:
  virtual ~Artist() = default;
  virtual Result<StepPtr> make_step(PictureShape shape, const Light& light) const = 0;
};

struct ChainPlan {
  struct Node {
    int from = -1;  // the node whose result it takes; -1 = the source frame
    StepPtr step;
  };
  std::vector<Node> nodes;       // each after the one it takes from
  std::vector<int> of_target;    // which node's result is the target's picture; -1 = the source frame
  std::vector<bool> hdr_target;  // the picture keeps the source's light
};

// `source` is cropped and deinterlaced already. What a target looks like follows from the source and
// that target alone, whatever the others are; where two need the same picture on the way, it is made once.
Result<ChainPlan> plan_chain(PictureShape source, const Light& light, const PictureSpec& spec,
                             std::span<const Target> targets, const Artist* artist);

}  // namespace vf::media
