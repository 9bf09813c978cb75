// Stage `storyboard`: small pictures of the whole film on one sheet.
//   params  media::frames::StoryboardSpec
//   inputs  the source; `probe` with its index
//   outputs a JPEG; the WebVTT that says which tile belongs to which time
//   result  media::frames::Storyboard
#include "media/frames/storyboard.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(3); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::frames::StoryboardSpec>(
      call, [](const auto& spec, const auto& member, const auto&) -> Result<media::frames::Storyboard> {
        const auto index = VF_TRY(read_video_index(member.inputs.at(1)));
        return media::frames::make_storyboard(member.inputs.at(0).fds.at(0), spec, index, member.outputs.at(0),
                                              member.outputs.at(1));
      });
}

}  // namespace

const StageKind kStoryboardStage{"storyboard", &version, &run};

}  // namespace vf::pipeline
