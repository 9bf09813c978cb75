// Stage `clip-edge`: the pictures between a cut and the nearest key frame, encoded to match the source.
//   params  media::cut::EdgeSpec
//   inputs  the source
//   output  the packets' payloads, one after the other
//   result  media::cut::EdgeResult
#include "media/cut/edge.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::cut::EdgeSpec>(call, [](const auto& spec, const auto& member, const auto& progress) {
    return media::cut::encode_edge(member.inputs.at(0).fds.at(0), spec, member.outputs.at(0), progress);
  });
}

}  // namespace

const StageKind kClipEdgeStage{"clip-edge", &version, &run};

}  // namespace vf::pipeline
