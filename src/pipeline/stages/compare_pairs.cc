#include <algorithm>

#include "media/compare/pictures.h"
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

// The members' pairs in one spec, in the order of their times: one decode of each video.
Result<std::vector<json::value>> run_pictures(const StageCall& call) {
  std::vector<ComparePictureParams> all;
  std::vector<std::size_t> order;
  for (const auto& member : call.members) {
    order.push_back(all.size());
    all.push_back(VF_TRY(from_json<ComparePictureParams>(member.params)));
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return all[i].pair.a.ticks.at(0); });
  auto spec = all.front().pair;
  spec.a.ticks.clear();
  spec.b.ticks.clear();
  std::vector<media::compare::PairOutputs> outputs;
  for (const auto i : order) {
    spec.a.ticks.push_back(all[i].pair.a.ticks.at(0));
    spec.b.ticks.push_back(all[i].pair.b.ticks.at(0));
    const auto& fds = call.members[i].outputs;
    outputs.push_back({fds.at(0), fds.at(1), fds.at(2)});
  }
  const auto& inputs = call.members.front().inputs;
  const auto made = VF_TRY(media::compare::picture_pairs(inputs.at(0).fds.at(0), inputs.at(1).fds.at(0), spec,
                                                         all.front().max_width, outputs));
  std::vector<json::value> results(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) results[order[k]] = to_json(made[k]);
  return results;
}

}  // namespace

const StageKind kComparePairsStage{"compare-pairs", &version, &run_pairs};
const StageKind kComparePictureStage{"compare-picture", &version, &run_pictures};

}  // namespace vf::pipeline
