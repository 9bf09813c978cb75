// Stage `analyze-packets`: the bits of every second of every stream.
//   params  none
//   inputs  the source
//   result  media::analysis::PacketResult
#include "media/analysis/packets.h"
#include "pipeline/stages/analyze.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<AnalyzePacketsParams>(call, [](const auto&, const auto& member, const auto& progress) {
    return media::analysis::measure_packets(member.inputs.at(0).fds.at(0), progress);
  });
}

}  // namespace

const StageKind kAnalyzePacketsStage{"analyze-packets", &version, &run};

}  // namespace vf::pipeline
