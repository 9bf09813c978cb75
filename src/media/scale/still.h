// A picture that is to be laid over a video: whether it can be read, and how large it is.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace vf::media {

inline constexpr std::int64_t kMaxStillPixels = 4096LL * 4096;

struct Still {
  std::string content_type;  // image/png, image/jpeg, image/webp
  int width = 0;
  int height = 0;
};
BOOST_DESCRIBE_STRUCT(Still, (), (content_type, width, height))

// Decodes it whole. Errors: unsupported_input (another format), invalid_input (damaged), limit_exceeded (more
// pixels than kMaxStillPixels).
Result<Still> look_at_still(int fd);

}  // namespace vf::media
