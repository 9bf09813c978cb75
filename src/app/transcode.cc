#include "app/transcode.h"

#include <chrono>

#include <openssl/hmac.h>

#include "app/inspect.h"
#include "app/job_sources.h"
#include "app/publish.h"
#include "app/set_files.h"
#include "app/transcode_report.h"
#include "app/work_secret.h"
#include "base/sha256.h"
#include "pipeline/plans/sample.h"

namespace vf::app {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const auto byte : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(byte));
  return out;
}

std::string derive(const std::string& secret, const std::string& what) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(what.data()), what.size(), mac, &length);
  return hex({reinterpret_cast<const char*>(mac), 16});
}

Result<std::optional<pipeline::ContentKey>> content_key(const std::string& secret,
                                                        const pipeline::TranscodeOptions& options,
                                                        const SourceFile& video) {
  if (options.encrypt == "none") return std::nullopt;
  return pipeline::ContentKey{derive(secret, "id " + video.blob.sha256), derive(secret, "key " + video.blob.sha256)};
}

struct Prepared {
  pipeline::Inspection inspection;
  std::optional<pipeline::TranscodePlan> head;  // to be watched while the rest is made
  pipeline::TranscodePlan plan;
  std::optional<pipeline::ContentKey> key;
};

// Everything up to the plan.
Result<Prepared> prepare(Recipe& recipe, const pipeline::TranscodeOptions& options, const std::string& secret) {
  Prepared out;
  recipe.observer.step("Looking at the video");
  out.inspection = VF_TRY(inspect(recipe.stages, recipe.video()));
  pipeline::AudioFits fits;
  auto stages = VF_TRY(pipeline::audio_fit_stages(out.inspection, options));
  if (!stages.empty()) {
    const auto report = VF_TRY(recipe.stages.run({std::move(stages)}, recipe.sources(), StageRunner::Phase::look));
    for (const auto& [id, output] : report.outputs)
      fits[std::stoi(id.substr(id.find('/') + 1))] = VF_TRY(from_json<media::audio::AudioCopyDecision>(output.result));
  }
  out.key = VF_TRY(content_key(secret, options, recipe.video()));
  // What browsers play as it is can be watched at once; anything else as far as it is made.
  auto since = recipe.stages.watched_since();
  if (since) out.head = VF_TRY(pipeline::plan_head(out.inspection, options, fits, *since));
  if (out.head) since.reset();
  out.plan = VF_TRY(pipeline::plan_transcode(out.inspection, options, fits, out.key, since));
  return out;
}

JobPaths paths_of(const TranscodeRequest& request) {
  JobPaths paths{request.input, {}, {}, request.options.subtitles == "burn"};
  if (request.options.watermark) paths.watermark = request.watermark;
  if (request.options.burn_file) paths.subtitles = request.subtitle_file;
  return paths;
}

// Only where something is to be encrypted: a run without that leaves no secret behind.
Result<std::string> secret_for(const Engine& engine, const TranscodeRequest& request) {
  if (request.options.encrypt == "none") return std::string();
  return work_secret(engine.work());
}

}  // namespace

Result<Product> make_transcode(Recipe& recipe, const pipeline::TranscodeOptions& options, const std::string& secret,
                               const OnTranscodePlan& on_plan) {
  auto prepared = VF_TRY(prepare(recipe, options, secret));
  if (on_plan) on_plan(prepared.inspection, prepared.plan);
  if (const auto& head = prepared.head) {
    const auto run = VF_TRY(recipe.stages.run(head->plan, recipe.sources(), StageRunner::Phase::look));
    VF_CHECK(recipe.stages.show(VF_TRY(set_files(*head, run, {}))));
  }
  // Before anything else takes the processors: somebody waits.
  if (auto first = pipeline::first_shown(prepared.plan); !first.stages.empty())
    VF_TRY(recipe.stages.run(std::move(first), recipe.sources(), StageRunner::Phase::look));
  recipe.observer.media(prepared.plan.duration_seconds);
  auto run = VF_TRY(recipe.stages.run(prepared.plan.plan, recipe.sources(), StageRunner::Phase::work));

  const ReportInput input{recipe.video(), prepared.inspection.info, prepared.plan, run, options, recipe.start};
  Product product;
  product.report = VF_TRY(transcode_report(input));
  product.files = VF_TRY(set_files(prepared.plan, run, prepared.key));
  list_files(product.report, product.files);
  VF_CHECK(add_report_files(product.files, product.report, prepared.plan, recipe.stages.blobs()));
  return product;
}

Result<json::value> transcode(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                              std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  const auto files = VF_TRY(open_job_files(engine, paths_of(request), observer, stop));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_transcode(recipe, request.options, VF_TRY(secret_for(engine, request)), observer.on_plan));
  VF_CHECK(publish(request.output, product.files, engine.blobs(), stop));
  // The set stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

Result<DryRun> dry_run(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                       std::stop_token stop) {
  const auto files = VF_TRY(open_job_files(engine, paths_of(request), observer, stop));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer};
  auto prepared = VF_TRY(prepare(recipe, request.options, VF_TRY(secret_for(engine, request))));
  observer.step("Encoding a sample to measure this machine");
  const auto sample = pipeline::sample_plan(prepared.plan);
  const auto run = VF_TRY(stages.run(sample.plan, recipe.sources(), StageRunner::Phase::work));
  VF_CHECK(pipeline::correct_prediction(prepared.plan, sample, run));
  return DryRun{std::move(prepared.inspection.info), std::move(prepared.plan)};
}

Result<json::value> describe_transcode(Recipe& recipe, const pipeline::TranscodeOptions& options,
                                       const std::string& secret) {
  auto prepared = VF_TRY(prepare(recipe, options, secret));
  return plan_json({std::move(prepared.inspection.info), std::move(prepared.plan)});
}

json::value plan_json(const DryRun& dry_run) {
  const auto& plan = dry_run.plan;
  json::array rungs;
  for (const auto& video : plan.videos)
    rungs.push_back(json::object{{"name", video.name},
                                 {"file", video.file},
                                 {"codec", video.codec},
                                 {"width", video.rung.width},
                                 {"height", video.rung.height},
                                 {"max_bit_rate", video.max_bit_rate},
                                 {"copied", video.copied}});
  json::array chunks;
  for (const auto& chunk : plan.cutting.chunks)
    chunks.push_back(json::object{{"start_ticks", chunk.start},
                                  {"end_ticks", chunk.end},
                                  {"segments", chunk.segment_starts.size()},
                                  {"frames", chunk.frames}});
  return json::object{{"duration_seconds", plan.duration_seconds},
                      {"start_seconds", plan.start_seconds},
                      {"decisions", to_json(plan.decisions)},
                      {"renditions", rungs},
                      {"chunks", chunks},
                      {"segments", plan.cutting.segments},
                      {"frames", plan.cutting.frames},
                      {"prediction", to_json(plan.prediction)},
                      {"warnings", to_json(dry_run.info.warnings)}};
}

}  // namespace vf::app
