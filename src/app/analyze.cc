#include "app/analyze.h"

#include "app/analyze_report.h"
#include "app/inspect.h"
#include "app/quality_folder.h"
#include "app/report/analysis_page.h"
#include "media/analysis/video_chunk.h"

namespace vf::app {
namespace {

constexpr const char* kDataName = "analysis.json";
constexpr std::int64_t kMaxResultBytes = 512 << 20;
constexpr std::int64_t kMaxSheetBytes = 64 << 20;

Result<pipeline::AnalyzeResult> read_result(Engine& engine, const jobs::StageOutput& output) {
  const auto blob = VF_TRY(engine.blobs().open(output.blobs.at(0)));
  return from_json_text<pipeline::AnalyzeResult>(VF_TRY(read_whole(blob.get(), kMaxResultBytes)));
}

// The small pictures that the chunks made.
Result<std::vector<PageSheet>> sheets(Engine& engine, const pipeline::AnalyzePlan& plan, double tick,
                                      const pipeline::RunReport& run) {
  std::vector<PageSheet> out;
  for (const auto& id : plan.chunk_stages) {
    const auto& output = run.outputs.at(id);
    const auto chunk = VF_TRY(from_json<media::analysis::VideoChunkResult>(output.result));
    if (chunk.tile_ticks.empty()) continue;
    const auto blob = VF_TRY(engine.blobs().open(output.blobs.at(1)));
    PageSheet sheet{VF_TRY(read_whole(blob.get(), kMaxSheetBytes)), chunk.tile.width, chunk.tile.height, {}};
    for (const auto ticks : chunk.tile_ticks)
      sheet.seconds.push_back(static_cast<double>(ticks) * tick - plan.origin_seconds);
    out.push_back(std::move(sheet));
  }
  return out;
}

}  // namespace

Result<json::value> analyze(Engine& engine, const AnalyzeRequest& request, const JobObserver& observer,
                            std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(check(request.options));
  if (request.output) VF_CHECK(check_report_folder(*request.output, kDataName));
  const auto source = VF_TRY(read_source(engine, request.input, observer, stop));
  observer.step("Looking at the file");
  const auto inspection = VF_TRY(inspect(engine, source, {}, stop));
  const auto plan = VF_TRY(pipeline::plan_analyze(inspection, request.options));
  observer.media(plan.duration_seconds);
  const auto run =
      VF_TRY(engine.runner().run(plan.plan, {{pipeline::kVideoSource, source.source()}}, stop, observer.on_progress));
  if (stop.stop_requested()) return std::unexpected(interrupted());

  const auto found = VF_TRY(read_result(engine, run.outputs.at(plan.result_stage)));
  auto report = analyze_report({source, inspection, request.options, plan, found});
  add_cost(report, run, plan.duration_seconds, start);
  const json::value whole(std::move(report));
  if (request.output) {
    const AnalysisPage page{whole, VF_TRY(sheets(engine, plan, inspection.index.time_base.value(), run))};
    VF_CHECK(publish_report(*request.output, kDataName, dump_pretty(whole), render_analysis_page(page), engine.blobs(),
                            stop));
  }
  (void)engine.trim_when_alone();
  return whole;
}

}  // namespace vf::app
