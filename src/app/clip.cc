#include "app/clip.h"

#include "app/file_report.h"
#include "app/inspect.h"
#include "app/output_file.h"

namespace vf::app {
namespace {

Result<pipeline::ClipPlan> plan(Engine& engine, const pipeline::Inspection& inspection, const ClipRequest& request,
                                const std::map<std::string, pipeline::Source>& sources, const std::stop_token& stop) {
  auto stages = VF_TRY(pipeline::clip_look_stages(inspection, request.options));
  std::optional<media::cut::CutPoints> points;
  if (!stages.empty()) {
    const auto looked = VF_TRY(engine.runner().run({std::move(stages)}, sources, stop));
    points = VF_TRY(from_json<media::cut::CutPoints>(looked.outputs.at("clip-look").result));
  }
  return pipeline::plan_clip(inspection, request.options, points);
}

}  // namespace

Result<json::value> clip(Engine& engine, const ClipRequest& request, const ClipObserver& observer,
                         std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(pipeline::check(request.options));
  const auto source = VF_TRY(read_source(engine, request.input, observer, stop));
  observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(engine, source, {}, stop));
  const std::map<std::string, pipeline::Source> sources{{pipeline::kVideoSource, source.source()}};
  const auto planned = VF_TRY(plan(engine, inspection, request, sources, stop));
  if (observer.on_plan) observer.on_plan(planned);
  observer.media(planned.to - planned.from);
  const auto run = VF_TRY(engine.runner().run(planned.plan, sources, stop, observer.on_progress));
  if (stop.stop_requested()) return std::unexpected(interrupted());

  json::object report{{"version", VIDEOFORGE_VERSION},
                      {"source", source_object(source, inspection.info)},
                      {"options", to_json(request.options)},
                      {"decisions", to_json(planned.decisions)},
                      {"from", planned.from},
                      {"to", planned.to},
                      {"frames", planned.frames},
                      {"pieces", to_json(planned.pieces)}};
  add_file(report, request.output, run, planned.file_stage, planned.proof_stage);
  report["warnings"] = to_json(file_warnings(inspection.info, run));
  add_cost(report, run, planned.to - planned.from, start);
  const auto& blob = run.outputs.at(planned.file_stage).blobs.at(0);
  VF_CHECK(publish_file(request.output, {{}, {blob}, {}}, request.replace, engine.blobs(), stop));
  // The file stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return report;
}

}  // namespace vf::app
