// Stage `analyze-video`: measures every picture of one chunk.
//   params  media::analysis::VideoChunkSpec
//   inputs  the source
//   outputs FrameRecords; small pictures side by side in one JPEG, empty where none belongs to the chunk
//   result  media::analysis::VideoChunkResult
#include "media/analysis/video_chunk.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::analysis::VideoChunkSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) {
        return media::analysis::measure_video_chunk(member.inputs.at(0).fds.at(0), spec, member.outputs.at(0),
                                                    member.outputs.at(1), progress);
      });
}

}  // namespace

const StageKind kAnalyzeVideoStage{"analyze-video", &version, &run};

}  // namespace vf::pipeline
