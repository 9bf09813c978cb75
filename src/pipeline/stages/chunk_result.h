// Every stage that makes a track chunk (encode, copy, audio, encrypt) answers with an object whose
// member "chunk" describes it; later stages read no more than that.
#pragma once

#include "media/package/track.h"

namespace vf::pipeline {

struct ChunkResult {
  media::TrackChunk chunk;
};
BOOST_DESCRIBE_STRUCT(ChunkResult, (), (chunk))

inline Result<media::TrackChunk> chunk_of(const json::value& result) {
  const auto* object = result.if_object();
  const auto* chunk = object ? object->if_contains("chunk") : nullptr;
  if (!chunk) return fail(ErrorCode::internal, "A stage was given a result that describes no track.");
  return from_json<media::TrackChunk>(*chunk);
}

}  // namespace vf::pipeline
