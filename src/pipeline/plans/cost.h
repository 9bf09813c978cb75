// What stages are expected to cost. For scheduling, progress and the dry run; wrong by a factor on
// another machine, right in proportion: the dry run measures a sample to find the factor.
#pragma once

#include <string>

#include "jobs/plan.h"

namespace vf::pipeline {

// A stretch of video: pixels of one picture, and how many of them.
struct Footage {
  double pixels = 0;
  double frames = 0;
  double seconds = 0;
};

jobs::StageCost decode_cost(const Footage& source, std::int64_t source_bytes);

// The part of encode_cost that a chunk of any length pays.
double encoder_start_seconds(double pixels);

// One rendition, decoding left out. `max_bit_rate` bounds the bytes.
jobs::StageCost encode_cost(const std::string& codec, const std::string& quality, const std::string& speed,
                            const Footage& rendition, std::int64_t max_bit_rate);

jobs::StageCost copy_cost(std::int64_t bytes);
jobs::StageCost audio_cost(double seconds, int channels);
jobs::StageCost verify_cost(const Footage& rendition);
jobs::StageCost key_frame_cost(const Footage& source, double pictures);

jobs::StageCost operator+(const jobs::StageCost& a, const jobs::StageCost& b);

}  // namespace vf::pipeline
