// Stage `verify-track`: the joined track as it will stand in the set: structure, times, bit rates.
//   inputs  the `stitch` stage with its header; the chunks in order, with their fragments (left out
//           where the track is encrypted: then its description alone is checked)
//   result  media::verify::TrackProof
#pragma once

#include "base/json.h"

namespace vf::pipeline {

struct VerifyTrackParams {
  std::int64_t max_bit_rate = 0;  // bit/s; 0 = not checked
  bool encrypted = false;
};
BOOST_DESCRIBE_STRUCT(VerifyTrackParams, (), (max_bit_rate, encrypted))

}  // namespace vf::pipeline
