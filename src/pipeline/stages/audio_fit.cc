// Stage `audio-fit`: whether a sound track can be copied as it is.
//   params  media::audio::AudioSpec
//   inputs  the source
//   result  media::audio::AudioCopyDecision
#include "media/audio/audio_track.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::audio::AudioSpec>(call, [](const auto& spec, const auto& member, const auto&) {
    return media::audio::can_copy_audio(member.inputs.at(0).fds.at(0), spec);
  });
}

}  // namespace

const StageKind kAudioFitStage{"audio-fit", &version, &run};

}  // namespace vf::pipeline
