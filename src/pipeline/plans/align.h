// Which picture of one video belongs to which of another, by when they are shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/probe/media_info.h"

namespace vf::pipeline {

// One side's clock: the video's index, and the file's first time stamp of any stream.
struct AlignSide {
  const media::VideoIndex& index;
  double file_start_seconds = 0;
};

struct Alignment {
  std::string mode;              // "first" or "clock": what was used
  double offset_seconds = 0;     // added to b's times, from its file's start, to get a's
  double tolerance_seconds = 0;  // half a frame of the faster one
  std::vector<std::int64_t> a;   // matched pairs, ascending
  std::vector<std::int64_t> b;
  std::vector<std::int64_t> only_a;  // without a partner
  std::vector<std::int64_t> only_b;
};

// `mode` "first" puts the first pictures on each other, "clock" believes the files' times, "auto" is
// "first" unless the clocks say that the first pictures are more than a tenth of a second apart: a late
// start is then one of the differences. `shift` seconds are added to b's times on top. Each picture gets
// the nearest one of the other side that has none nearer itself.
Alignment align(const AlignSide& a, const AlignSide& b, const std::string& mode, double shift);

}  // namespace vf::pipeline
