// The parts of MediaInfo that containers and packet counts tell, each put in its place.
#pragma once

#include <optional>
#include <string>

#include "media/av/input.h"
#include "media/probe/limits.h"
#include "media/probe/media_info.h"
#include "media/probe/mp4_boxes.h"
#include "media/probe/packets.h"

namespace vf::media {

// The name a person uses: "mp4", "webm" ...; libav has one demuxer for several.
std::string container_name(const AVInputFormat& format, const std::optional<Mp4Boxes>& boxes, int fd);

// Packets, bytes, times and rates of a stream. One that was not read is counted by its index.
void fill_counts(const StreamCount& row, AVStream* stream, StreamInfo& info);

// `cut` is set where a text was too long and was cut.
void fill_chapters(const AVFormatContext& context, const ProbeLimits& limits, MediaInfo& info, bool& cut);
void fill_attachments(av::Input& input, const ProbeLimits& limits, MediaInfo& info, bool& cut);
void fill_edits(av::Input& input, const Mp4Boxes& boxes, MediaInfo& info);

}  // namespace vf::media
