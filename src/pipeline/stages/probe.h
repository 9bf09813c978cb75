// Stage `probe`: reads the source's structure.
//   inputs  the source
//   output  media::VideoIndex as JSON
//   result  media::MediaInfo
#pragma once

#include "media/probe/media_info.h"
#include "pipeline/stage_kind.h"

namespace vf::pipeline {

struct ProbeParams {
  bool loudness = false;  // decode the sound and measure it
};
BOOST_DESCRIBE_STRUCT(ProbeParams, (), (loudness))

// The index of a day of video at 60 frames a second is about 50 MB of text.
inline constexpr std::int64_t kMaxIndexBytes = 256 << 20;

// The index that a `probe` stage left, as a later stage gets it.
Result<media::VideoIndex> read_video_index(const InputView& probe);

}  // namespace vf::pipeline
