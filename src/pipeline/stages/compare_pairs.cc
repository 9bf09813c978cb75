#include "pipeline/stages/compare.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run_pairs(const StageCall& call) {
  return for_each_member<media::compare::PairSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) {
        return media::compare::compare_pairs(member.inputs.at(0).fds.at(0), member.inputs.at(1).fds.at(0), spec,
                                             member.outputs.at(0), progress);
      });
}

Result<std::vector<json::value>> run_picture(const StageCall& call) {
  return for_each_member<ComparePictureParams>(call, [](const auto& params, const auto& member, const auto&) {
    const auto& out = member.outputs;
    return media::compare::picture_pair(member.inputs.at(0).fds.at(0), member.inputs.at(1).fds.at(0), params.pair,
                                        params.max_width, out.at(0), out.at(1), out.at(2));
  });
}

}  // namespace

const StageKind kComparePairsStage{"compare-pairs", &version, &run_pairs};
const StageKind kComparePictureStage{"compare-picture", &version, &run_picture};

}  // namespace vf::pipeline
