// What a file says of itself, judged before a packet of it is read; and how much of it has to be read.
#pragma once

#include <optional>

#include "media/av/input.h"
#include "media/probe/limits.h"
#include "media/probe/mp4_boxes.h"

namespace vf::media {

// The boxes of an MP4 or MOV file, nothing of any other. Errors: unsupported_input (a reference movie,
// encrypted media), invalid_input (no index, or one cut short).
Result<std::optional<Mp4Boxes>> check_boxes(int fd);

// Sizes of pictures and lengths of indexes. Errors: limit_exceeded, invalid_input (an index longer than
// the file could be).
Result<void> check_claims(av::Input& input, const ProbeLimits& limits);

// An index that says everything: MP4 without fragments, in codecs whose key frames the beginning of a
// packet tells, and that keep their parameter sets out of the packets. `examined`: streams that count.
bool index_tells_all(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined);

// Streams that are not examined, and data tracks of MP4, are not read: their index is enough.
void discard_unread(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined);

}  // namespace vf::media
