// AVERROR codes as Errors.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::media::av {

// libav's own text for an AVERROR code.
std::string describe(int averror);

// AVERROR(ENOMEM) becomes no_memory, AVERROR(ENOSPC) no_space, damage and everything else `otherwise`.
// `message` is for the person; libav's text goes to the detail.
Error error_from(int averror, ErrorCode otherwise, std::string_view message);

}  // namespace vf::media::av
