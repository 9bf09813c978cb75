// Stage `verify-picture`: decodes one chunk of one rendition and holds it against the source; stages
// of one chunk form a group and share the decode of the source.
//   inputs  as picture_inputs.h; last the stage that made the chunk, with fragments and header
//   result  media::verify::ChunkProof
#pragma once

#include "media/verify/picture.h"

namespace vf::pipeline {

// `spec` is the same for all members of a group.
struct VerifyPictureParams {
  media::verify::VerifySpec spec;
  media::Target target;
};
BOOST_DESCRIBE_STRUCT(VerifyPictureParams, (), (spec, target))

}  // namespace vf::pipeline
