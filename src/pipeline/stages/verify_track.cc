#include "pipeline/stages/verify_track.h"

#include "media/package/presentation.h"
#include "media/verify/track.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/stitch.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

// What the description says of a track whose bytes only the key opens.
media::verify::TrackProof described(const StitchResult& track) {
  const double scale = track.format.timescale;
  const auto rates = media::measure_bit_rates(track.layout, track.format.timescale);
  media::verify::TrackProof proof;
  proof.frames = track.frames;
  proof.duration_seconds = static_cast<double>(track.duration) / scale;
  proof.mean_bit_rate = rates.mean;
  proof.peak_bit_rate = rates.peak;
  proof.bytes = track.layout.size;
  proof.segments = static_cast<int>(track.layout.segments.size());
  return proof;
}

Result<media::verify::TrackProof> prove(const VerifyTrackParams& params, const StageMember& member) {
  const auto& header = member.inputs.at(0);
  if (params.encrypted) return described(VF_TRY(from_json<StitchResult>(header.result)));
  std::vector<int> parts{header.fds.at(0)};
  std::vector<media::TrackChunk> chunks;
  for (std::size_t i = 1; i < member.inputs.size(); ++i) {
    chunks.push_back(VF_TRY(chunk_of(member.inputs[i].result)));
    parts.push_back(member.inputs[i].fds.at(0));
  }
  return media::verify::verify_track(parts, chunks);
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<VerifyTrackParams>(
      call, [](const auto& params, const auto& member, const auto&) { return prove(params, member); });
}

}  // namespace

const StageKind kVerifyTrackStage{"verify-track", &version, &run};

}  // namespace vf::pipeline
