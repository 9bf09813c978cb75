// Stage `verify-file`: the proof of a finished file. Fails with ErrorCode::verify_failed and the reason
// where the file is not what was asked for: it does not get its name then.
//   params  media::verify::FileSpec
//   inputs  the source; `probe` with its index; the file; then the proofs of its parts (results alone)
//   result  media::verify::FileProof
#include "media/verify/file.h"
#include "media/verify/picture.h"
#include "media/verify/sound.h"

#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

std::unexpected<Error> failed(std::string_view sentence) {
  return fail(ErrorCode::verify_failed, fmt::format("What was written is not right: {}", sentence));
}

// A proof of pictures or of sound: both say what is wrong in `failures`.
Result<void> read_proof(const json::value& result, std::vector<media::verify::ChunkProof>& chunks) {
  if (result.is_object() && result.as_object().contains("rung")) {
    chunks.push_back(VF_TRY(from_json<media::verify::ChunkProof>(result)));
    if (!chunks.back().failures.empty()) return failed(chunks.back().failures.front());
    return {};
  }
  const auto proof = VF_TRY(from_json<media::verify::SoundProof>(result));
  if (!proof.failures.empty()) return failed(proof.failures.front());
  return {};
}

void add_similarity(const std::vector<media::verify::ChunkProof>& chunks, media::verify::FileProof& proof) {
  double sum = 0;
  for (const auto& chunk : chunks)
    for (const auto& sample : chunk.samples) {
      ++proof.compared;
      sum += sample.ssim;
      proof.ssim_min = std::min(proof.ssim_min, sample.ssim);
    }
  if (proof.compared > 0 && !chunks.empty()) proof.ssim_mean = sum / static_cast<double>(proof.compared);
}

Result<media::verify::FileProof> verify(const media::verify::FileSpec& spec, const StageMember& member,
                                        const std::function<void(double)>& progress) {
  const auto index = VF_TRY(read_video_index(member.inputs.at(1)));
  std::vector<media::verify::ChunkProof> chunks;
  for (std::size_t i = 3; i < member.inputs.size(); ++i) VF_CHECK(read_proof(member.inputs[i].result, chunks));
  auto proof = VF_TRY(
      media::verify::verify_file(spec, index, member.inputs.at(0).fds.at(0), member.inputs.at(2).fds.at(0), progress));
  if (!proof.failures.empty())
    return fail(ErrorCode::verify_failed, "What was written is not right: " + proof.failures.front(),
                proof.failures.size() > 1 ? proof.failures.back() : "");
  add_similarity(chunks, proof);
  return proof;
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::verify::FileSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) { return verify(spec, member, progress); });
}

}  // namespace

const StageKind kVerifyFileStage{"verify-file", &version, &run};

}  // namespace vf::pipeline
