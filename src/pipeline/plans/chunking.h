// Where a film is cut: into chunks that are encoded by themselves, and into the segments that players
// fetch. Decided from the source's own frame times only, never from the machine, so that every
// machine makes the same bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "media/probe/media_info.h"

namespace vf::pipeline {

inline constexpr double kSegmentSeconds = 2.0;
// Chunks are short in a short film, so that all processors have work, and longer in a long one.
inline constexpr double kShortestChunkSeconds = 5.0;
inline constexpr double kUsualChunkSeconds = 12.0;
inline constexpr int kEnoughChunks = 12;
inline constexpr int kMaxChunks = 200;  // about; beyond the usual length, chunks grow with the film

// All times in ticks of the source's time base; frames with start <= pts < end belong to it.
struct Chunk {
  std::int64_t start = 0;
  std::int64_t end = 0;                      // the next chunk's start, or the end of the last frame
  std::vector<std::int64_t> segment_starts;  // the first is `start`
  int first_segment = 0;                     // its number in the whole track, from 0
  std::int64_t frames = 0;
};

struct Cutting {
  std::vector<Chunk> chunks;
  std::int64_t origin = 0;  // the first frame: time 0 of the result
  std::int64_t end = 0;
  std::int64_t frames = 0;
  int segments = 0;
};

// Cuts the frames in [from, to) of the index. With `on_key_frames` every segment starts at a source
// key frame (a rung is copied): segments then last at least `kSegmentSeconds` where the gaps allow.
// Without it, chunks start at key frames where one is near (so that nothing is decoded twice), and
// segments are 2 s. With `quick_start` the first chunk is one segment of 1 s, because somebody waits for it.
// Returns no chunks when no frame is in the range.
Cutting cut(const media::VideoIndex& index, std::int64_t from, std::int64_t to, bool on_key_frames,
            bool quick_start = false);

// Ticks a second of the result that hold the source's times exactly where that is possible.
int timescale_for(Rational time_base);

}  // namespace vf::pipeline
