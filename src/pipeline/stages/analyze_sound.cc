// Stage `analyze-sound`: measures one sound track, whole.
//   params  media::analysis::SoundSpec
//   inputs  the source
//   result  media::analysis::SoundResult
#include "media/analysis/sound.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::analysis::SoundSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) {
        return media::analysis::measure_sound(member.inputs.at(0).fds.at(0), spec, progress);
      });
}

}  // namespace

const StageKind kAnalyzeSoundStage{"analyze-sound", &version, &run};

}  // namespace vf::pipeline
