// Stage `encode`: one chunk of one rendition; stages of one chunk form a group and share the decode.
//   inputs  see picture_inputs.h
//   outputs fragments; a header for them alone (what verify decodes them with)
//   result  ChunkResult
#pragma once

#include "media/encode/video_chunk.h"

namespace vf::pipeline {

// Everything but `rungs` is the same for all members of a group; `rungs` holds exactly one.
using EncodeParams = media::ChunkSpec;

}  // namespace vf::pipeline
