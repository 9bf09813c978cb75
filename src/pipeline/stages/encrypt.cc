#include "pipeline/stages/encrypt.h"

#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return own_version(1); }

Result<ChunkResult> encrypt(const EncryptParams& params, const StageMember& member) {
  const auto& input = member.inputs.at(0);
  const auto chunk = VF_TRY(chunk_of(input.result));
  const media::Encryption encryption{params.scheme, params.key, params.key_id, params.iv};
  return ChunkResult{VF_TRY(media::encrypt_chunk(
      input.fds.at(0), chunk, encryption, static_cast<std::uint64_t>(params.first_segment), member.outputs.at(0)))};
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<EncryptParams>(
      call, [](const auto& params, const auto& member, const auto&) { return encrypt(params, member); });
}

}  // namespace

const StageKind kEncryptStage{"encrypt", &version, &run};

}  // namespace vf::pipeline
