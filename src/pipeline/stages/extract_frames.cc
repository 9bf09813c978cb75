// Stage `extract-frames`: some frames of the source as a piece of a ZIP archive.
//   params  media::stills::ExtractSpec
//   inputs  the source
//   output  members of the archive, one after the other
//   result  media::stills::Extracted
#include "media/stills/extract.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::stills::ExtractSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) {
        return media::stills::extract_frames(member.inputs.at(0).fds.at(0), spec, member.outputs.at(0), progress);
      });
}

}  // namespace

const StageKind kExtractFramesStage{"extract-frames", &version, &run};

}  // namespace vf::pipeline
