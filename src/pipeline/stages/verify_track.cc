#include "pipeline/stages/verify_track.h"

#include <algorithm>
#include <cmath>

#include "media/package/presentation.h"
#include "media/verify/track.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/stitch.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(2); }

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
  // A segment's bytes are taken to be spread evenly over it.
  std::vector<double> bytes(std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(proof.duration_seconds))));
  double at = 0;
  for (std::size_t i = 0; i < track.layout.segments.size(); ++i) {
    const double length = std::max(1e-6, media::segment_seconds(track.layout, i, track.format.timescale));
    for (std::size_t second = static_cast<std::size_t>(at); second < bytes.size(); ++second) {
      const auto begin = static_cast<double>(second);
      const double part = std::min(at + length, begin + 1) - std::max(at, begin);
      if (part <= 0) break;
      bytes[second] += static_cast<double>(track.layout.segments[i].size) * part / length;
    }
    at += length;
  }
  for (const double size : bytes) proof.second_bytes.push_back(std::llround(size));
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
