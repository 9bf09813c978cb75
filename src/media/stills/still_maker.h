// Makes picture files of frames, one after the other. Internal to media; one thread at a time.
#pragma once

#include <optional>

#include "media/frames/jpeg.h"
#include "media/scale/picture_chain.h"
#include "media/stills/files.h"
#include "media/stills/still.h"

namespace vf::media::stills {

class StillMaker {
 public:
  explicit StillMaker(const StillSpec& spec);

  // Replaces `out` by the frame's file. Errors: unsupported_input (a pixel format nobody converts),
  // no_memory.
  Result<void> make(const AVFrame& frame, Bytes& out);

 private:
  bool is_ready(const AVFrame& frame, const Light& light) const;
  Result<const AVFrame*> through_chain(const AVFrame& frame);
  Result<void> write_rgb(const AVFrame& frame, const Light& light, Bytes& out);

  StillSpec spec_;
  std::optional<PictureChain> chain_;
  Size chain_size_;
  JpegFile jpeg_;
  PngFile png_;
  Bytes rgb_;
};

}  // namespace vf::media::stills
