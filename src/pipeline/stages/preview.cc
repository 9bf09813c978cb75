// Stage `preview`: a short animated picture of the film.
//   params  media::stills::PreviewSpec
//   inputs  the source
//   output  an animated WebP
//   result  media::stills::Preview
#include "media/stills/preview.h"

#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::stills::PreviewSpec>(call, [](const auto& spec, const auto& member, const auto&) {
    return media::stills::make_preview(member.inputs.at(0).fds.at(0), spec, member.outputs.at(0));
  });
}

}  // namespace

const StageKind kPreviewStage{"preview", &version, &run};

}  // namespace vf::pipeline
