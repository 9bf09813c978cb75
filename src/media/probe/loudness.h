// Loudness of whole tracks: EBU R128 / ITU-R BS.1770-4 by libebur128.
#pragma once

#include <map>

#include "media/probe/probe.h"

namespace vf::media {

// Decodes every decodable audio stream of the file in one pass; by stream index. Streams in which not
// one sample decodes, or that are silent, are left out. Errors: those of reading the descriptor.
Result<std::map<int, LoudnessInfo>> measure_loudness(int fd, const ProbeLimits& limits, const ProbeProgress& progress);

}  // namespace vf::media
