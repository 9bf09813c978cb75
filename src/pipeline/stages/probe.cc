#include "pipeline/stages/probe.h"

#include "base/fd.h"
#include "media/probe/probe.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

Result<media::MediaInfo> probe_source(const ProbeParams& params, const StageMember& member,
                                      const std::function<void(double)>& progress) {
  media::ProbeOptions options;
  options.loudness = params.loudness;
  auto probed = VF_TRY(media::probe(member.inputs.at(0).fds.at(0), options, progress));
  VF_CHECK(write_all(member.outputs.at(0), dump(to_json(probed.index))));
  return std::move(probed.info);
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<ProbeParams>(call, [](const auto& params, const auto& member, const auto& progress) {
    return probe_source(params, member, progress);
  });
}

}  // namespace

const StageKind kProbeStage{"probe", &version, &run};

Result<media::VideoIndex> read_video_index(const InputView& probe) {
  return from_json_text<media::VideoIndex>(VF_TRY(read_whole(probe.fds.at(0), kMaxIndexBytes)));
}

}  // namespace vf::pipeline
