#include "pipeline/stages/subtitles.h"

#include "base/fd.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<SubtitlesResult> make_document(const SubtitlesParams& params, const StageMember& member) {
  const int fd = member.inputs.at(0).fds.at(0);
  auto vtt = VF_TRY(params.own_file ? media::subtitles::file_to_webvtt(fd, params.spec)
                                    : media::subtitles::stream_to_webvtt(fd, params.spec));
  VF_CHECK(write_all(member.outputs.at(0), vtt.document));
  return SubtitlesResult{vtt.cues, std::move(vtt.warnings)};
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<SubtitlesParams>(
      call, [](const auto& params, const auto& member, const auto&) { return make_document(params, member); });
}

}  // namespace

const StageKind kSubtitlesStage{"subtitles", &version, &run};

}  // namespace vf::pipeline
