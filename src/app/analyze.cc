#include "app/analyze.h"

#include "app/analyze_report.h"
#include "app/inspect.h"
#include "app/publish.h"
#include "app/quality_folder.h"
#include "app/report/analysis_page.h"
#include "media/analysis/video_chunk.h"

namespace vf::app {
namespace {

constexpr const char* kDataName = "analysis.json";
constexpr std::int64_t kMaxResultBytes = 512 << 20;
constexpr std::int64_t kMaxSheetBytes = 64 << 20;

Result<pipeline::AnalyzeResult> read_result(blob::BlobStore& blobs, const jobs::StageOutput& output) {
  const auto blob = VF_TRY(blobs.open(output.blobs.at(0)));
  return from_json_text<pipeline::AnalyzeResult>(VF_TRY(read_whole(blob.get(), kMaxResultBytes)));
}

// The small pictures that the chunks made.
Result<std::vector<PageSheet>> sheets(blob::BlobStore& blobs, const pipeline::AnalyzePlan& plan, double tick,
                                      const pipeline::RunReport& run) {
  std::vector<PageSheet> out;
  for (const auto& id : plan.chunk_stages) {
    const auto& output = run.outputs.at(id);
    const auto chunk = VF_TRY(from_json<media::analysis::VideoChunkResult>(output.result));
    if (chunk.tile_ticks.empty()) continue;
    const auto blob = VF_TRY(blobs.open(output.blobs.at(1)));
    PageSheet sheet{VF_TRY(read_whole(blob.get(), kMaxSheetBytes)), chunk.tile.width, chunk.tile.height, {}};
    for (const auto ticks : chunk.tile_ticks)
      sheet.seconds.push_back(static_cast<double>(ticks) * tick - plan.origin_seconds);
    out.push_back(std::move(sheet));
  }
  return out;
}

}  // namespace

Result<Product> make_analyze(Recipe& recipe, const pipeline::AnalyzeOptions& options, bool with_page) {
  VF_CHECK(check(options));
  recipe.observer.step("Looking at the file");
  const auto inspection = VF_TRY(inspect(recipe.stages, recipe.video()));
  const auto plan = VF_TRY(pipeline::plan_analyze(inspection, options));
  recipe.observer.media(plan.duration_seconds);
  const auto run = VF_TRY(recipe.stages.run(plan.plan, recipe.sources(), StageRunner::Phase::work));

  auto& blobs = recipe.stages.blobs();
  const auto found = VF_TRY(read_result(blobs, run.outputs.at(plan.result_stage)));
  auto report = analyze_report({recipe.video(), inspection, options, plan, found});
  add_cost(report, run, plan.duration_seconds, recipe.start);
  Product product{{}, std::move(report)};
  product.files.push_back({kDataName, {}, dump_pretty(product.report)});
  if (with_page) {
    const AnalysisPage page{product.report, VF_TRY(sheets(blobs, plan, inspection.index.time_base.value(), run))};
    product.files.push_back({"index.html", {}, render_analysis_page(page)});
  }
  return product;
}

Result<json::value> analyze(Engine& engine, const AnalyzeRequest& request, const JobObserver& observer,
                            std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(check(request.options));
  if (request.output) VF_CHECK(check_report_folder(*request.output, kDataName));
  Files files;
  files.emplace(pipeline::kVideoSource, VF_TRY(read_source(engine, request.input, observer, stop)));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_analyze(recipe, request.options, request.output.has_value()));
  if (request.output) VF_CHECK(publish(*request.output, product.files, engine.blobs(), stop));
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
