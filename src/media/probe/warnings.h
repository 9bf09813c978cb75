// Everything odd about a file, in words.
#pragma once

#include "media/probe/limits.h"
#include "media/probe/mp4_boxes.h"
#include "media/probe/packets.h"
#include "media/probe/timing.h"

namespace vf::media {

struct Evidence {
  const ProbeLimits* limits = nullptr;
  const PacketPass* pass = nullptr;
  const FrameTiming* timing = nullptr;     // null without video
  const Mp4Boxes* boxes = nullptr;         // null for other containers
  double claimed_seconds = 0;              // by the header; 0 = it says nothing
  std::int64_t claimed_video_packets = 0;  // by the index; 0 = it says nothing
  int streams_in_file = 0;
  int chapters_in_file = 0;
  int damaged = 0;
  bool starts_with_key = true;
  bool text_cut = false;
};

// Appends to info.warnings. Codes are listed in docs/guides/probe.md.
void add_warnings(const Evidence& evidence, MediaInfo& info);

}  // namespace vf::media
