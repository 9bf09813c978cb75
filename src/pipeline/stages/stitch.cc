#include "pipeline/stages/stitch.h"

#include "base/fd.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

Result<StitchResult> stitch(const StitchParams& params, const StageMember& member) {
  std::vector<media::TrackChunk> chunks;
  for (const auto& input : member.inputs) chunks.push_back(VF_TRY(chunk_of(input.result)));
  if (chunks.empty()) return fail(ErrorCode::internal, "A track without chunks cannot be stitched.");
  media::HeaderOptions options;
  options.language = params.language;
  options.title = params.title;
  options.key_id = params.key_id;
  options.index = params.index;
  auto header = VF_TRY(media::build_header(chunks.front().format, chunks, options));
  VF_CHECK(write_all(member.outputs.at(0), header.bytes));
  StitchResult result{chunks.front().format, std::move(header.layout), 0, -chunks.front().priming};
  for (const auto& chunk : chunks) {
    result.frames += chunk.frames;
    result.duration += chunk.duration;
  }
  return result;
}

std::string version() { return own_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<StitchParams>(
      call, [](const auto& params, const auto& member, const auto&) { return stitch(params, member); });
}

}  // namespace

const StageKind kStitchStage{"stitch", &version, &run};

}  // namespace vf::pipeline
