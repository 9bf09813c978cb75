#include "app/process.h"

#include "app/file_report.h"
#include "app/inspect.h"
#include "app/job_sources.h"
#include "app/output_file.h"

namespace vf::app {
namespace {

// The same files as a transcode reads.
Result<JobSources> open_sources(Engine& engine, const ProcessRequest& request, const ProcessObserver& observer,
                                const std::stop_token& stop) {
  TranscodeRequest files;
  files.input = request.input;
  files.watermark = request.watermark;
  files.subtitle_file = request.subtitle_file;
  files.options.watermark = request.options.watermark;
  files.options.burn_file = request.options.burn_file;
  if (request.options.burn_file || request.options.burn_language) files.options.subtitles = "burn";
  TranscodeObserver told;
  static_cast<JobObserver&>(told) = observer;
  return open_job_sources(engine, files, told, stop);
}

}  // namespace

Result<json::value> process(Engine& engine, const ProcessRequest& request, const ProcessObserver& observer,
                            std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(pipeline::check(request.options));
  const auto sources = VF_TRY(open_sources(engine, request, observer, stop));
  const auto& source = sources.files.front();
  observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(engine, source, {}, stop));
  const auto planned = VF_TRY(pipeline::plan_process(inspection, request.options));
  if (observer.on_plan) observer.on_plan(planned);
  observer.media(planned.duration_seconds);
  const auto run = VF_TRY(engine.runner().run(planned.plan, sources.sources, stop, observer.on_progress));
  if (stop.stop_requested()) return std::unexpected(interrupted());

  json::object report{{"version", VIDEOFORGE_VERSION},
                      {"source", source_object(source, inspection.info)},
                      {"options", to_json(request.options)},
                      {"decisions", to_json(planned.decisions)},
                      {"duration_seconds", planned.duration_seconds}};
  if (planned.width > 0) {
    report["width"] = planned.width;
    report["height"] = planned.height;
  }
  add_file(report, request.output, run, planned.file_stage, planned.proof_stage);
  report["warnings"] = to_json(file_warnings(inspection.info, run));
  add_cost(report, run, planned.duration_seconds, start);
  const auto& blob = run.outputs.at(planned.file_stage).blobs.at(0);
  VF_CHECK(publish_file(request.output, {{}, {blob}, {}}, request.replace, engine.blobs(), stop));
  // The file stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return report;
}

}  // namespace vf::app
