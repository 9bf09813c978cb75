#include "pipeline/stages/verify_picture.h"

#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/picture_inputs.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(3); }

Result<std::vector<json::value>> run(const StageCall& call) {
  std::vector<media::verify::RungInput> rungs;
  std::optional<media::verify::VerifySpec> spec;
  for (const auto& member : call.members) {
    auto params = VF_TRY(from_json<VerifyPictureParams>(member.params));
    if (!spec) spec = std::move(params.spec);
    const auto& made = member.inputs.back();
    rungs.push_back({made.fds.at(1), made.fds.at(0), VF_TRY(chunk_of(made.result)), std::move(params.target)});
  }
  const auto& first = call.members.front();
  const auto proofs = VF_TRY(media::verify::verify_video_chunk(*spec, first.inputs.at(0).fds.at(0), rungs,
                                                               picture_resources(spec->picture, call), call.progress));
  std::vector<json::value> results;
  for (const auto& proof : proofs) results.push_back(to_json(proof));
  return results;
}

}  // namespace

const StageKind kVerifyPictureStage{"verify-picture", &version, &run};

}  // namespace vf::pipeline
