// Whether a source stream can be copied into a rung as it is, and if not, why.
#pragma once

#include <optional>
#include <string>

#include "media/probe/media_info.h"
#include "pipeline/plans/ladder.h"

namespace vf::pipeline {

inline constexpr double kMaxKeyGapSeconds = 6.0;

// The reason why the stream does not fit, or nothing where it does. `codec` is the rung's codec and
// `max_bit_rate` its cap in bit/s. The rules stand in docs/guides/transcode.md, "When a stream is copied".
std::optional<std::string> why_not_copied(const media::StreamInfo& stream, const Rung& rung, const std::string& codec,
                                          std::int64_t max_bit_rate);

// Whether browsers play the stream as it is, whatever its size and bit rate; the reason where they do not.
std::optional<std::string> why_not_played(const media::StreamInfo& stream);

}  // namespace vf::pipeline
