#include "pipeline/stages/audio.h"

#include "base/fd.h"
#include "media/package/track_header.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

Result<media::audio::AudioTrack> make_track(const AudioParams& params, const StageMember& member,
                                            const std::function<void(double)>& progress) {
  const int source = member.inputs.at(0).fds.at(0);
  const int out = member.outputs.at(0);
  auto track = VF_TRY(params.copy ? media::audio::copy_audio_track(source, params.spec, out, progress)
                                  : media::audio::encode_audio_track(source, params.spec, out, progress));
  const auto header = VF_TRY(media::build_header(track.chunk.format, std::span(&track.chunk, 1)));
  VF_CHECK(write_all(member.outputs.at(1), header.bytes));
  return track;
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<AudioParams>(call, [](const auto& params, const auto& member, const auto& progress) {
    return make_track(params, member, progress);
  });
}

}  // namespace

const StageKind kAudioStage{"audio", &version, &run};

}  // namespace vf::pipeline
