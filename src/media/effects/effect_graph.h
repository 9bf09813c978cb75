// The effects of a film at work, over libavfilter. Internal to media.
//
// Pictures go in in order and come out in order; pts are the caller's. Single-threaded.
#pragma once

#include "media/av/ptr.h"
#include "media/effects/effect.h"

namespace vf::media::effects {

class EffectGraph {
 public:
  // For pictures of the size and format of `like`; ticks of `time_base` count from the film's beginning.
  // `speed`-free: film_seconds of the chain are seconds of these ticks.
  static Result<EffectGraph> create(const EffectChain& chain, const AVFrame& like, Rational time_base);

  Result<void> push(AVFrame* frame);  // null: the end; takes a reference
  Result<bool> pull(AVFrame* frame);

 private:
  av::FilterGraphPtr graph_;
  AVFilterContext* source_ = nullptr;
  AVFilterContext* sink_ = nullptr;
};

}  // namespace vf::media::effects
