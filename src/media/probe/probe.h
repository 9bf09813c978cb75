// Reads everything worth knowing about a media file: what `videoforge probe` prints, what plans decide
// by, and the time of every frame.
//
// Works on an opened descriptor alone: no name is resolved, no other file opened, no socket made. It is
// meant for the sandboxed child, because libav parses untrusted bytes here. One pass over the packets;
// decodes no more than the first few frames, except for loudness.
#pragma once

#include <functional>

#include "base/error.h"
#include "media/probe/limits.h"
#include "media/probe/media_info.h"

namespace vf::media {

struct ProbeOptions {
  bool loudness = false;  // also decode every audio track and measure it (EBU R128)
  ProbeLimits limits;
};
BOOST_DESCRIBE_STRUCT(ProbeOptions, (), (loudness, limits))

struct ProbeResult {
  MediaInfo info;
  VideoIndex index;
};
BOOST_DESCRIBE_STRUCT(ProbeResult, (), (info, index))

// Called with the done part, 0 to 1, ascending; at most about a hundred times.
using ProbeProgress = std::function<void(double fraction)>;

// The descriptor stays the caller's. Errors: invalid_input (empty, cut off before its index, damaged,
// no picture and no sound), unsupported_input (text, picture, playlist, archive, encrypted, a container
// that is not on the allow-list), limit_exceeded (names the cap). Pure: sets no process-wide state
// except libav's largest single allocation (av_max_alloc), which bounds decoders' buffers.
Result<ProbeResult> probe(int fd, const ProbeOptions& options = {}, const ProbeProgress& progress = {});

}  // namespace vf::media
