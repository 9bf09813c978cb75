// The parts of find_in_video(). Internal to the room.
#pragma once

#include <span>

#include "media/analysis/findings.h"

namespace vf::media::analysis {

// The film while it is looked at.
struct Film {
  std::span<const FrameRecord> frames;  // never empty
  const VideoFacts& facts;
  std::int64_t end_ticks = 0;  // of the last picture
  std::int64_t step = 0;       // median between two pictures, at least 1

  double seconds(std::int64_t ticks) const {
    return static_cast<double>(ticks) * facts.time_base.value() - facts.origin_seconds;
  }
  double start(std::size_t i) const { return seconds(i < frames.size() ? frames[i].pts : end_ticks); }
};

void find_black(const Film& film, VideoFindings& out);
void find_freeze(const Film& film, VideoFindings& out);
void find_scene_cuts(const Film& film, VideoFindings& out);
void find_interlacing(const Film& film, VideoFindings& out);
void find_frame_rate(const Film& film, VideoFindings& out);
void find_dropped(const Film& film, VideoFindings& out);
void find_duplicated(const Film& film, VideoFindings& out);
void find_bars(const Film& film, VideoFindings& out);
void find_damage(const Film& film, std::int64_t errors_at_end, VideoFindings& out);

}  // namespace vf::media::analysis
