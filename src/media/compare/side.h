// The pictures of one of two videos at chosen times, ready to be compared. Internal to the room.
#pragma once

#include <optional>

#include "media/compare/chunk.h"
#include "media/decode/video_reader.h"
#include "media/scale/picture_chain.h"

namespace vf::media::compare {

class Side {
 public:
  static Result<Side> open(int fd, const SideSpec& spec, const std::optional<Target>& target);

  // The picture of this time, valid until the next call; null where it does not decode. Times ascend.
  Result<const AVFrame*> at(std::int64_t ticks);

 private:
  Side(VideoReader reader, std::optional<PictureChain> chain) : reader_(std::move(reader)), chain_(std::move(chain)) {}
  Result<const AVFrame*> next();

  VideoReader reader_;
  std::optional<PictureChain> chain_;
  const AVFrame* here_ = nullptr;
  bool drained_ = false;
  bool ended_ = false;
};

}  // namespace vf::media::compare
