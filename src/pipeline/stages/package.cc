#include "pipeline/stages/package.h"

#include "base/fd.h"
#include "media/package/playlists.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/stitch.h"

namespace vf::pipeline {
namespace {

std::string version() { return own_version(1); }

Result<media::PresentationTrack> describe(const PackageTrack& track, const InputView& stitched) {
  auto header = VF_TRY(from_json<StitchResult>(stitched.result));
  const auto rates = media::measure_bit_rates(header.layout, header.format.timescale);
  return media::PresentationTrack{
      track.name,     track.file,  std::move(header.format), std::move(header.layout), rates,
      track.language, track.title, track.is_default};
}

Result<PackageResult> package(const PackageParams& params, const StageMember& member) {
  PackageResult result;
  auto& presentation = result.presentation;
  presentation.duration_seconds = params.duration_seconds;
  presentation.subtitles = params.subtitles;
  presentation.encryption = params.encryption;
  std::size_t input = 0;
  for (const auto& track : params.video)
    presentation.video.push_back(VF_TRY(describe(track, member.inputs.at(input++))));
  for (const auto& track : params.audio)
    presentation.audio.push_back(VF_TRY(describe(track, member.inputs.at(input++))));

  const auto files = media::manifest_files(presentation);
  if (files.size() != member.outputs.size())
    return fail(ErrorCode::internal, "The set has another number of manifests than was planned.");
  for (std::size_t i = 0; i < files.size(); ++i) {
    VF_CHECK(write_all(member.outputs[i], files[i].text));
    result.names.push_back(files[i].name);
  }
  return result;
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<PackageParams>(
      call, [](const auto& params, const auto& member, const auto&) { return package(params, member); });
}

}  // namespace

const StageKind kPackageStage{"package", &version, &run};

int package_outputs(const PackageParams& params) {
  const bool dash = !params.encryption || params.encryption->scheme == media::EncryptionScheme::cbcs;
  return static_cast<int>(1 + params.video.size() + params.audio.size() + params.subtitles.size()) + (dash ? 1 : 0);
}

}  // namespace vf::pipeline
