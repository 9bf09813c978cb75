#include "app/transcode_report.h"

#include <algorithm>

#include "pipeline/stages/package.h"
#include "pipeline/stages/stitch.h"
#include "pipeline/stages/subtitles.h"
#include "pipeline/stages/verify.h"

namespace vf::app {
namespace {

Result<json::array> renditions(const ReportInput& in, const pipeline::Verdict& verdict) {
  json::array out;
  for (std::size_t i = 0; i < in.plan.videos.size(); ++i) {
    const auto& video = in.plan.videos[i];
    const auto& proof = verdict.video.at(i);
    const auto track = VF_TRY(from_json<pipeline::StitchResult>(in.run.outputs.at(video.stitch_stage).result));
    json::object one{{"name", video.name},
                     {"file", video.file},
                     {"codec", video.codec},
                     {"codecs", track.format.codecs},
                     {"width", track.format.width},
                     {"height", track.format.height},
                     {"frames", proof.frames},
                     {"duration_seconds", proof.duration_seconds},
                     {"mean_bit_rate", proof.mean_bit_rate},
                     {"peak_bit_rate", proof.peak_bit_rate},
                     {"max_bit_rate", video.max_bit_rate},
                     {"video_range", track.format.video_range},
                     {"copied", video.copied},
                     {"second_bits", to_json(proof.second_bits)}};
    if (!proof.ssim.samples.empty()) one["ssim"] = to_json(proof.ssim);
    out.push_back(std::move(one));
  }
  return out;
}

Result<json::array> audio_tracks(const ReportInput& in, const pipeline::Verdict& verdict) {
  json::array out;
  for (std::size_t i = 0; i < in.plan.audios.size(); ++i) {
    const auto& audio = in.plan.audios[i];
    const auto& proof = verdict.audio.at(i);
    const auto track = VF_TRY(from_json<pipeline::StitchResult>(in.run.outputs.at(audio.stitch_stage).result));
    out.push_back(json::object{{"name", audio.name},
                               {"file", audio.file},
                               {"language", audio.language},
                               {"codec", track.format.codec},
                               {"codecs", track.format.codecs},
                               {"channels", track.format.channels},
                               {"sample_rate", track.format.sample_rate},
                               {"duration_seconds", proof.duration_seconds},
                               {"mean_bit_rate", proof.mean_bit_rate},
                               {"offset_ms", proof.offset_seconds * 1000},
                               {"drift_ms", proof.drift_seconds * 1000},
                               {"copied", audio.copied}});
  }
  return out;
}

// Every chunk's and track's warnings, the source's own and the verdict's, each sentence once.
Result<json::value> warnings(const ReportInput& in, const pipeline::Verdict& verdict) {
  std::vector<media::Warning> all = in.info.warnings;
  const auto add = [&](const std::vector<media::Warning>& more) { all.insert(all.end(), more.begin(), more.end()); };
  for (const auto& [id, output] : in.run.outputs) {
    const auto* object = output.result.if_object();
    const auto* chunk = object ? object->if_contains("chunk") : nullptr;
    const auto* list = chunk && chunk->is_object() ? chunk->as_object().if_contains("warnings")
                       : object                    ? object->if_contains("warnings")
                                                   : nullptr;
    if (list && id != "verify" && id != "probe") add(VF_TRY(from_json<std::vector<media::Warning>>(*list)));
  }
  add(verdict.warnings);
  return to_json(unique(all));
}

}  // namespace

Result<json::value> transcode_report(const ReportInput& in) {
  const auto verdict = VF_TRY(from_json<pipeline::Verdict>(in.run.outputs.at("verify").result));
  json::array subtitles;
  for (const auto& text : in.plan.subtitles) {
    const auto made = VF_TRY(from_json<pipeline::SubtitlesResult>(in.run.outputs.at(text.stage).result));
    subtitles.push_back(json::object{{"name", text.name},
                                     {"file", text.file},
                                     {"language", text.language},
                                     {"title", text.title},
                                     {"cues", made.cues}});
  }
  json::object report{{"version", VIDEOFORGE_VERSION},
                      {"source", source_object(in.source, in.info)},
                      {"options", to_json(in.options)},
                      {"decisions", to_json(in.plan.decisions)},
                      {"duration_seconds", in.plan.duration_seconds},
                      {"renditions", VF_TRY(renditions(in, verdict))},
                      {"audio", VF_TRY(audio_tracks(in, verdict))},
                      {"subtitles", subtitles},
                      {"warnings", VF_TRY(warnings(in, verdict))}};
  add_cost(report, in.run, in.plan.duration_seconds, in.start);
  if (in.options.encrypt != "none") report["encryption"] = in.options.encrypt;
  return report;
}

}  // namespace vf::app
