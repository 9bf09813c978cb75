#include "app/clip.h"

#include "app/file_report.h"
#include "app/inspect.h"
#include "app/output_file.h"

namespace vf::app {
namespace {

Result<pipeline::ClipPlan> plan(Recipe& recipe, const pipeline::Inspection& inspection,
                                const pipeline::ClipOptions& options) {
  auto stages = VF_TRY(pipeline::clip_look_stages(inspection, options));
  std::optional<media::cut::CutPoints> points;
  if (!stages.empty()) {
    const auto looked = VF_TRY(recipe.stages.run({std::move(stages)}, recipe.sources(), StageRunner::Phase::look));
    points = VF_TRY(from_json<media::cut::CutPoints>(looked.outputs.at("clip-look").result));
  }
  return pipeline::plan_clip(inspection, options, points);
}

}  // namespace

Result<Product> make_clip(Recipe& recipe, const pipeline::ClipOptions& options, const std::string& name,
                          const OnClipPlan& on_plan) {
  VF_CHECK(pipeline::check(options));
  recipe.observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(recipe.stages, recipe.video()));
  const auto planned = VF_TRY(plan(recipe, inspection, options));
  if (on_plan) on_plan(planned);
  recipe.observer.media(planned.to - planned.from);
  const auto run = VF_TRY(recipe.stages.run(planned.plan, recipe.sources(), StageRunner::Phase::work));

  json::object report{{"version", VIDEOFORGE_VERSION}, {"source", source_object(recipe.video(), inspection.info)},
                      {"options", to_json(options)},   {"decisions", to_json(planned.decisions)},
                      {"from", planned.from},          {"to", planned.to},
                      {"frames", planned.frames},      {"pieces", to_json(planned.pieces)}};
  add_file(report, name, run, planned.file_stage, planned.proof_stage);
  report["warnings"] = to_json(file_warnings(inspection.info, run));
  add_cost(report, run, planned.to - planned.from, recipe.start);
  return Product{{{name, {run.outputs.at(planned.file_stage).blobs.at(0)}, {}}}, std::move(report)};
}

Result<json::value> clip(Engine& engine, const ClipRequest& request, const ClipObserver& observer,
                         std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(pipeline::check(request.options));
  Files files;
  files.emplace(pipeline::kVideoSource, VF_TRY(read_source(engine, request.input, observer, stop)));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_clip(recipe, request.options, request.output.filename().string(), observer.on_plan));
  VF_CHECK(publish_file(request.output, product.files.front(), request.replace, engine.blobs(), stop));
  // The file stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
