// Stage `verify-track`: the joined track as it will stand in the set: structure, times, bit rates.
//   inputs  the `stitch` stage with its header; the chunks in order, with their fragments (left out
//           where the track is encrypted: then its description alone is checked)
//   result  media::verify::TrackProof
#pragma once

#include "base/json.h"

namespace vf::pipeline {

struct VerifyTrackParams {
  bool encrypted = false;
};
BOOST_DESCRIBE_STRUCT(VerifyTrackParams, (), (encrypted))

}  // namespace vf::pipeline
