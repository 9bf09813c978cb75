// The pass over every packet of a file: what is counted for each stream, and when each frame of the
// main video is shown.
#pragma once

#include <cstdint>
#include <vector>

#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/probe/limits.h"
#include "media/probe/probe.h"

namespace vf::media {

// Counted for every stream. Times are ticks of the stream's time base; AV_NOPTS_VALUE = none seen.
struct StreamCount {
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  std::int64_t first_ticks = AV_NOPTS_VALUE;  // shown packets only
  std::int64_t end_ticks = AV_NOPTS_VALUE;    // of the packet that ends last
  std::int64_t missing_times = 0;             // packets with neither pts nor dts
  std::int64_t backward_times = 0;            // dts below the one before
  std::vector<std::int64_t> second_bytes;     // bytes by second from the first time stamp
  std::int64_t base_ticks = AV_NOPTS_VALUE;   // where second_bytes begins
  std::int64_t last_dts = AV_NOPTS_VALUE;
};

// What only the main video is looked at for.
struct FrameTrail {
  std::vector<std::int64_t> frame_ticks;  // shown frames, in coded order
  std::vector<std::int64_t> key_ticks;    // those of key frames
  std::int64_t hidden = 0;                // packets that show nothing (edit list, alternate references)
  std::int64_t guessed = 0;               // frames whose pts had to be guessed
  std::int64_t last_duration = 0;
  bool leading = false;           // a frame after a key frame is shown before it
  bool leading_at_start = false;  // a frame after the first key frame is shown before that one
  bool starts_with_key = true;
  bool parameters_changed = false;
  std::vector<av::PacketPtr> head;  // the first packets, payload and all, for a look inside
};

struct PacketPass {
  std::vector<StreamCount> streams;
  FrameTrail frames;
  bool skimmed = false;
};

struct PassOptions {
  int main_video = -1;       // stream index; -1 = none
  int examined_streams = 0;  // streams from this index on are not read
  bool may_skim = false;     // an index tells everything: leave payload unread behind the head
  ProbeLimits limits;
  ProbeProgress progress;
};

// Reads to the end of the file. Errors: limit_exceeded, or the descriptor's own read errors.
Result<PacketPass> read_packets(av::Input& input, const PassOptions& options);

}  // namespace vf::media
