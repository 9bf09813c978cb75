#include "pipeline/stages/encode.h"

#include "base/fd.h"
#include "media/package/track_header.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/picture_inputs.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

Result<void> write_header(const media::TrackChunk& chunk, int fd) {
  const auto header = VF_TRY(media::build_header(chunk.format, std::span(&chunk, 1)));
  return write_all(fd, header.bytes);
}

// The members' rungs in one spec: one decode, one chain of pictures, an encoder each.
Result<std::vector<json::value>> run(const StageCall& call) {
  auto spec = VF_TRY(from_json<EncodeParams>(call.members.front().params));
  std::vector<media::RungOutput> outputs;
  spec.rungs.clear();
  for (const auto& member : call.members) {
    auto params = VF_TRY(from_json<EncodeParams>(member.params));
    spec.rungs.push_back(std::move(params.rungs.at(0)));
    outputs.push_back({member.outputs.at(0)});
  }
  const auto& first = call.members.front();
  auto chunks = VF_TRY(media::encode_video_chunk(first.inputs.at(0).fds.at(0), spec,
                                                 picture_resources(spec.picture, call), outputs, call.progress));
  std::vector<json::value> results;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    VF_CHECK(write_header(chunks[i], call.members[i].outputs.at(1)));
    results.push_back(to_json(ChunkResult{std::move(chunks[i])}));
  }
  return results;
}

}  // namespace

const StageKind kEncodeStage{"encode", &version, &run};

}  // namespace vf::pipeline
