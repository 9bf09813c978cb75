// Stage `poster`: one picture that stands for the film.
//   params  media::frames::PosterSpec
//   inputs  the source; `probe` with its index
//   output  a JPEG
//   result  media::frames::Poster
#include "media/frames/poster.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::frames::PosterSpec>(
      call, [](const auto& spec, const auto& member, const auto&) -> Result<media::frames::Poster> {
        const auto index = VF_TRY(read_video_index(member.inputs.at(1)));
        return media::frames::make_poster(member.inputs.at(0).fds.at(0), spec, index, member.outputs.at(0));
      });
}

}  // namespace

const StageKind kPosterStage{"poster", &version, &run};

}  // namespace vf::pipeline
