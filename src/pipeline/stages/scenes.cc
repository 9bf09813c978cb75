// Stage `scenes`: what the frames of a part of the film look like, roughly.
//   params  media::stills::ScenesSpec
//   inputs  the source
//   result  media::stills::Signatures
#include "media/stills/scenes.h"

#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::stills::ScenesSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) {
        return media::stills::read_signatures(member.inputs.at(0).fds.at(0), spec, progress);
      });
}

}  // namespace

const StageKind kScenesStage{"scenes", &version, &run};

}  // namespace vf::pipeline
