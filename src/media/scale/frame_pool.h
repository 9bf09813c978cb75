// Frames of one size and format whose memory is used again once every reference to it is gone.
// Internal to scale. Frames may be released on other threads; asking for them is single-threaded.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/av/ptr.h"

namespace vf::media {

class FramePool {
 public:
  // `format` is an AVPixelFormat, planar.
  static Result<FramePool> create(int width, int height, int format);

  Result<av::FramePtr> get();

 private:
  struct PoolUninit {
    void operator()(AVBufferPool* pool) const { av_buffer_pool_uninit(&pool); }
  };
  int width_ = 0;
  int height_ = 0;
  int format_ = 0;
  int linesize_[4] = {};
  std::unique_ptr<AVBufferPool, PoolUninit> pool_;
};

}  // namespace vf::media
