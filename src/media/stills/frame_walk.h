// Visits the frames of a list, each decoded exactly, and nothing decoded that none of them needs.
// Internal to media.
#pragma once

#include <functional>

#include "base/error.h"
#include "media/stills/frame_list.h"

struct AVFrame;

namespace vf::media::stills {

// `at` is the position in the list; `damaged`: the decoder had to conceal something.
using VisitFrame = std::function<Result<void>(const AVFrame& frame, std::size_t at, bool damaged)>;

// Frames that do not decode are not visited. Errors: as VideoReader::create, and what `visit` returns.
Result<void> walk_frames(int fd, int stream_index, const FrameList& list, const VisitFrame& visit);

}  // namespace vf::media::stills
