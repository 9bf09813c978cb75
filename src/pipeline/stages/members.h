// Shared shape of most stages: parameters read strictly, one result per member.
#pragma once

#include "pipeline/stage_kind.h"

namespace vf::pipeline {

// Runs `one(params, member, progress)` for every member in turn; its result type is a described
// struct. Progress is divided evenly.
template <typename Params, typename One>
Result<std::vector<json::value>> for_each_member(const StageCall& call, One&& one) {
  std::vector<json::value> results;
  const auto count = static_cast<double>(call.members.size());
  for (std::size_t i = 0; i < call.members.size(); ++i) {
    const auto& member = call.members[i];
    const auto params = VF_TRY(from_json<Params>(member.params));
    const auto done = static_cast<double>(i);
    const std::function<void(double)> progress = [&](double fraction) { call.progress((done + fraction) / count); };
    auto result = one(params, member, progress);
    if (!result) return std::unexpected(std::move(result).error());
    results.push_back(to_json(*result));
  }
  return results;
}

// Version of a stage whose bytes depend on libav's codecs: `revision` counts our own changes.
std::string codec_version(int revision);

// Version of a stage that only our own code decides.
inline std::string own_version(int revision) { return std::to_string(revision); }

}  // namespace vf::pipeline
