// Stage `clip-look`: where a video can be cut without encoding.
//   params  media::cut::CutSpec
//   inputs  the source
//   result  media::cut::CutPoints
#include "media/cut/cut_points.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::cut::CutSpec>(call, [](const auto& spec, const auto& member, const auto&) {
    return media::cut::find_cut_points(member.inputs.at(0).fds.at(0), spec);
  });
}

}  // namespace

const StageKind kClipLookStage{"clip-look", &version, &run};

}  // namespace vf::pipeline
