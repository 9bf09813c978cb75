// Stage `verify-file`: the proof of a finished file. Fails with ErrorCode::verify_failed and the reason
// where the file is not what was asked for: it does not get its name then.
//   params  media::verify::FileSpec
//   inputs  the source; `probe` with its index; the file
//   result  media::verify::FileProof
#include "media/verify/file.h"

#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<media::verify::FileProof> verify(const media::verify::FileSpec& spec, const StageMember& member,
                                        const std::function<void(double)>& progress) {
  const auto index = VF_TRY(read_video_index(member.inputs.at(1)));
  auto proof = VF_TRY(
      media::verify::verify_file(spec, index, member.inputs.at(0).fds.at(0), member.inputs.at(2).fds.at(0), progress));
  if (!proof.failures.empty())
    return fail(ErrorCode::verify_failed, "What was written is not right: " + proof.failures.front(),
                proof.failures.size() > 1 ? proof.failures.back() : "");
  return proof;
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::verify::FileSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) { return verify(spec, member, progress); });
}

}  // namespace

const StageKind kVerifyFileStage{"verify-file", &version, &run};

}  // namespace vf::pipeline
