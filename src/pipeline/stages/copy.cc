// Stage `copy`: one chunk of a stream that fits a rung as it is.
//   params  media::CopySpec
//   inputs  the source
//   outputs fragments; a header for them alone
//   result  ChunkResult
#include "base/fd.h"
#include "media/encode/video_copy.h"
#include "media/package/track_header.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(3); }

Result<ChunkResult> copy(const media::CopySpec& spec, const StageMember& member,
                         const std::function<void(double)>& progress) {
  ChunkResult result{
      VF_TRY(media::copy_video_chunk(member.inputs.at(0).fds.at(0), spec, member.outputs.at(0), progress))};
  const auto header = VF_TRY(media::build_header(result.chunk.format, std::span(&result.chunk, 1)));
  VF_CHECK(write_all(member.outputs.at(1), header.bytes));
  return result;
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::CopySpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) { return copy(spec, member, progress); });
}

}  // namespace

const StageKind kCopyStage{"copy", &version, &run};

}  // namespace vf::pipeline
