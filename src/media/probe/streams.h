// What the container and the codec parameters say of each stream, before any packet is counted.
#pragma once

#include "media/probe/limits.h"
#include "media/probe/media_info.h"

struct AVFormatContext;
struct AVStream;

namespace vf::media {

// Everything of a StreamInfo but its counts, times and frames. Sets `cut` when a text was shortened.
StreamInfo describe_stream(AVFormatContext* context, AVStream* stream, const ProbeLimits& limits, bool& cut);

// Square-pixel size after sample aspect and rotation.
void set_display_size(VideoInfo& video);

// A metadata value made safe; empty when absent.
std::string tag_of(const void* dictionary, const char* key, const ProbeLimits& limits, bool& cut);

}  // namespace vf::media
