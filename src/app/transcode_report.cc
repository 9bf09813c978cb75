#include "app/transcode_report.h"

#include <algorithm>

#include "pipeline/stages/package.h"
#include "pipeline/stages/stitch.h"
#include "pipeline/stages/subtitles.h"
#include "pipeline/stages/verify.h"

namespace vf::app {
namespace {

json::object source_object(const ReportInput& in) {
  return {{"name", in.source.path.filename().string()},
          {"bytes", in.source.blob.size},
          {"sha256", in.source.blob.sha256},
          {"container", in.info.container},
          {"duration_seconds", in.info.duration_seconds}};
}

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

struct KindTotal {
  std::string kind;
  int count = 0;
  int reused = 0;
  double cpu_seconds = 0;
  double wall_seconds = 0;
  std::int64_t peak_memory_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(KindTotal, (), (kind, count, reused, cpu_seconds, wall_seconds, peak_memory_bytes))

json::object stages_object(const pipeline::RunReport& run, double& cpu_seconds) {
  std::vector<KindTotal> kinds;
  int reused = 0;
  int retried = 0;
  for (const auto& record : run.stages) {
    auto row = std::ranges::find(kinds, record.kind, &KindTotal::kind);
    if (row == kinds.end()) row = kinds.insert(kinds.end(), KindTotal{.kind = record.kind});
    ++row->count;
    row->reused += record.reused ? 1 : 0;
    row->cpu_seconds += record.usage.cpu_seconds;
    row->wall_seconds += record.usage.wall_seconds;
    row->peak_memory_bytes = std::max(row->peak_memory_bytes, record.usage.peak_memory_bytes);
    reused += record.reused ? 1 : 0;
    retried += record.attempts > 1 ? 1 : 0;
    cpu_seconds += record.usage.cpu_seconds;
  }
  return {{"run", static_cast<std::int64_t>(run.stages.size()) - reused},
          {"reused", reused},
          {"retried", retried},
          {"by_kind", to_json(kinds)}};
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
  std::vector<media::Warning> unique;
  for (const auto& warning : all)
    if (std::ranges::find(unique, warning.message, &media::Warning::message) == unique.end()) unique.push_back(warning);
  return to_json(unique);
}

}  // namespace

Result<json::value> transcode_report(const ReportInput& in) {
  const auto verdict = VF_TRY(from_json<pipeline::Verdict>(in.run.outputs.at("verify").result));
  double cpu_seconds = 0;
  auto stages = stages_object(in.run, cpu_seconds);
  json::array subtitles;
  for (const auto& text : in.plan.subtitles) {
    const auto made = VF_TRY(from_json<pipeline::SubtitlesResult>(in.run.outputs.at(text.stage).result));
    subtitles.push_back(json::object{{"name", text.name},
                                     {"file", text.file},
                                     {"language", text.language},
                                     {"title", text.title},
                                     {"cues", made.cues}});
  }
  json::object report{
      {"version", VIDEOFORGE_VERSION},
      {"source", source_object(in)},
      {"options", to_json(in.options)},
      {"decisions", to_json(in.plan.decisions)},
      {"duration_seconds", in.plan.duration_seconds},
      {"renditions", VF_TRY(renditions(in, verdict))},
      {"audio", VF_TRY(audio_tracks(in, verdict))},
      {"subtitles", subtitles},
      {"stages", stages},
      {"timing", json::object{{"wall_seconds", in.wall_seconds},
                              {"cpu_seconds", cpu_seconds},
                              {"speed", in.wall_seconds > 0 ? in.plan.duration_seconds / in.wall_seconds : 0}}},
      {"warnings", VF_TRY(warnings(in, verdict))}};
  if (in.options.encrypt != "none") report["encryption"] = in.options.encrypt;
  return report;
}

}  // namespace vf::app
