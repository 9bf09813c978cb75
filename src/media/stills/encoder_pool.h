// Encodes pictures beside their decoding, and gives them back in the order in which they came. With no
// threads of its own it encodes in the caller's. Internal to media.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "media/stills/still_maker.h"

namespace vf::media::stills {

class EncoderPool {
 public:
  using Take = std::function<Result<void>(std::size_t at, bool damaged, const Bytes& file)>;

  // At most twice `threads` pictures are held at a time. `take` is called in the caller's thread.
  EncoderPool(const StillSpec& spec, int threads, Take take);
  ~EncoderPool();

  // Takes a reference to the frame. Errors: of this or an earlier picture, and of `take`.
  Result<void> add(const AVFrame& frame, std::size_t at, bool damaged);
  Result<void> finish();

 private:
  struct Worker;
  Result<void> collect();

  Take take_;
  StillMaker own_;
  Bytes file_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t added_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace vf::media::stills
