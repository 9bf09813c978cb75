// Stage `verify-sound`: decodes a sound track as it was written and measures it against the source.
//   params  media::verify::SoundSpec
//   inputs  the source; the stage that made the track, with its header and fragments
//   result  media::verify::SoundProof
#include "media/audio/audio_track.h"
#include "media/verify/sound.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(4); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::verify::SoundSpec>(
      call, [](auto spec, const auto& member, const auto& progress) -> Result<media::verify::SoundProof> {
        const auto& track = member.inputs.at(1);
        const auto made = VF_TRY(from_json<media::audio::AudioTrack>(track.result));
        spec.lost_packets = made.repairs.lost_packets;
        return media::verify::verify_audio_track(spec, member.inputs.at(0).fds.at(0), track.fds, made.chunk, progress);
      });
}

}  // namespace

const StageKind kVerifySoundStage{"verify-sound", &version, &run};

}  // namespace vf::pipeline
