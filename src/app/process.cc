#include "app/process.h"

#include "app/file_report.h"
#include "app/inspect.h"
#include "app/job_sources.h"
#include "app/output_file.h"

namespace vf::app {
namespace {

JobPaths paths_of(const ProcessRequest& request) {
  JobPaths paths{request.input, {}, {}, request.options.burn_file || request.options.burn_language};
  if (request.options.watermark) paths.watermark = request.watermark;
  if (request.options.burn_file) paths.subtitles = request.subtitle_file;
  return paths;
}

}  // namespace

Result<Product> make_process(Recipe& recipe, const pipeline::ProcessOptions& options, const std::string& name,
                             const OnProcessPlan& on_plan) {
  VF_CHECK(pipeline::check(options));
  recipe.observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(recipe.stages, recipe.video()));
  const auto planned = VF_TRY(pipeline::plan_process(inspection, options));
  if (on_plan) on_plan(planned);
  recipe.observer.media(planned.duration_seconds);
  const auto run = VF_TRY(recipe.stages.run(planned.plan, recipe.sources(), StageRunner::Phase::work));

  json::object report{{"version", VIDEOFORGE_VERSION},
                      {"source", source_object(recipe.video(), inspection.info)},
                      {"options", to_json(options)},
                      {"decisions", to_json(planned.decisions)},
                      {"duration_seconds", planned.duration_seconds}};
  if (planned.width > 0) {
    report["width"] = planned.width;
    report["height"] = planned.height;
  }
  add_file(report, name, run, planned.file_stage, planned.proof_stage);
  report["warnings"] = to_json(file_warnings(inspection.info, run));
  add_cost(report, run, planned.duration_seconds, recipe.start);
  return Product{{{name, {run.outputs.at(planned.file_stage).blobs.at(0)}, {}}}, std::move(report)};
}

Result<json::value> process(Engine& engine, const ProcessRequest& request, const ProcessObserver& observer,
                            std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(pipeline::check(request.options));
  const auto files = VF_TRY(open_job_files(engine, paths_of(request), observer, stop));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_process(recipe, request.options, request.output.filename().string(), observer.on_plan));
  VF_CHECK(publish_file(request.output, product.files.front(), request.replace, engine.blobs(), stop));
  // The file stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
