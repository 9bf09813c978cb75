// Answers for what is plainly no video, from its first bytes, before any demuxer sees it: text and
// playlists (which point elsewhere), pictures, documents, archives, zeros.
#pragma once

#include "base/error.h"

namespace vf::media {

// Success: it may be a video. Errors: invalid_input (empty, zeros, too short), unsupported_input with a
// sentence that says what it is.
Result<void> sniff(int fd);

}  // namespace vf::media
