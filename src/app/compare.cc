#include "app/compare.h"

#include <algorithm>

#include "app/inspect.h"
#include "app/publish.h"
#include "app/quality_folder.h"
#include "app/report/comparison_page.h"

namespace vf::app {
namespace {

constexpr const char* kDataName = "comparison.json";
constexpr std::int64_t kMaxResultBytes = 1LL << 30;
constexpr std::int64_t kMaxPictureBytes = 16 << 20;
constexpr std::size_t kMostListed = 5000;

struct Sides {
  const SourceFile& a;
  const SourceFile& b;
  pipeline::Inspection look_a;
  pipeline::Inspection look_b;
};

// Pictures without a partner: how many, and when.
json::object alone(const std::vector<std::int64_t>& ticks, const media::VideoIndex& index, double origin) {
  json::array seconds;
  for (std::size_t i = 0; i < std::min(ticks.size(), kMostListed); ++i)
    seconds.push_back(static_cast<double>(ticks[i]) * index.time_base.value() - origin);
  return {{"frames", ticks.size()}, {"seconds", std::move(seconds)}};
}

json::object side_object(const SourceFile& file, const pipeline::Inspection& look,
                         const std::vector<std::int64_t>& unmatched, double origin) {
  auto out = source_object(file, look.info);
  const auto& v = *look.info.main_video()->video;
  out["codec"] = look.info.main_video()->codec;
  out["width"] = v.display_width;
  out["height"] = v.display_height;
  out["frames"] = look.index.frame_ticks.size();
  out["start_seconds"] = origin;
  out["unmatched"] = alone(unmatched, look.index, origin);
  return out;
}

json::object comparison_report(const Sides& sides, const pipeline::CompareOptions& options,
                               const pipeline::ComparePlan& plan, const pipeline::CompareResult& found) {
  std::vector<media::Warning> warnings;
  for (const auto& warning : sides.look_a.info.warnings) warnings.push_back({warning.code, "a: " + warning.message});
  for (const auto& warning : sides.look_b.info.warnings) warnings.push_back({warning.code, "b: " + warning.message});
  json::object out{{"version", VIDEOFORGE_VERSION},
                   {"a", side_object(sides.a, sides.look_a, plan.alignment.only_a, plan.origin_a)},
                   {"b", side_object(sides.b, sides.look_b, plan.alignment.only_b, plan.origin_b)},
                   {"options", to_json(options)},
                   {"alignment", json::object{{"mode", plan.alignment.mode},
                                              {"offset_seconds", plan.alignment.offset_seconds},
                                              {"tolerance_seconds", plan.alignment.tolerance_seconds}}},
                   {"conversions", to_json(plan.conversions)}};
  for (const auto& [name, value] : to_json(found).as_object()) out[name] = value;
  out["vmaf"] = nullptr;
  out["warnings"] = to_json(unique(warnings));
  return out;
}

Result<std::vector<PagePair>> pictures(Recipe& recipe, const pipeline::ComparePlan& plan,
                                       const pipeline::CompareResult& found, pipeline::RunReport& run) {
  recipe.observer.step("Making pictures of the worst moments");
  auto shown =
      VF_TRY(recipe.stages.run(pipeline::picture_plan(plan, found.worst), recipe.sources(), StageRunner::Phase::work));
  std::vector<PagePair> out;
  for (std::size_t i = 0; i < found.worst.size(); ++i) {
    const auto& output = shown.outputs.at(fmt::format("compare-picture/{}", i));
    const auto read = [&](std::size_t which) -> Result<std::string> {
      const auto blob = VF_TRY(recipe.stages.blobs().open(output.blobs.at(which)));
      return read_whole(blob.get(), kMaxPictureBytes);
    };
    const auto& worst = found.worst[i];
    out.push_back({worst.a_seconds, worst.b_seconds, worst.psnr_y, worst.ssim_y, VF_TRY(read(0)), VF_TRY(read(1)),
                   VF_TRY(read(2))});
  }
  run.stages.insert(run.stages.end(), shown.stages.begin(), shown.stages.end());
  return out;
}

}  // namespace

Result<Product> make_compare(Recipe& recipe, const pipeline::CompareOptions& options, bool with_page) {
  VF_CHECK(check(options));
  recipe.observer.step("Looking at both files");
  const auto& a = recipe.files.at(pipeline::kReferenceSource);
  const auto& b = recipe.files.at(pipeline::kOtherSource);
  const Sides sides{a, b, VF_TRY(inspect(recipe.stages, a)), VF_TRY(inspect(recipe.stages, b))};
  const auto plan = VF_TRY(pipeline::plan_compare(sides.look_a, sides.look_b, options));
  recipe.observer.media(plan.duration_seconds);
  auto run = VF_TRY(recipe.stages.run(plan.plan, recipe.sources(), StageRunner::Phase::work));

  const auto blob = VF_TRY(recipe.stages.blobs().open(run.outputs.at(plan.result_stage).blobs.at(0)));
  const auto found = VF_TRY(from_json_text<pipeline::CompareResult>(VF_TRY(read_whole(blob.get(), kMaxResultBytes))));
  ComparisonPage page;
  if (with_page) page.pairs = VF_TRY(pictures(recipe, plan, found, run));
  auto report = comparison_report(sides, options, plan, found);
  add_cost(report, run, plan.duration_seconds, recipe.start);
  page.report = std::move(report);
  Product product;
  product.files.push_back({kDataName, {}, dump_pretty(page.report)});
  if (with_page) product.files.push_back({"index.html", {}, render_comparison_page(page)});
  product.report = std::move(page.report);
  return product;
}

Result<json::value> compare(Engine& engine, const CompareRequest& request, const JobObserver& observer,
                            std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  VF_CHECK(check(request.options));
  if (request.output) VF_CHECK(check_report_folder(*request.output, kDataName));
  Files files;
  files.emplace(pipeline::kReferenceSource, VF_TRY(read_source(engine, request.a, observer, stop)));
  files.emplace(pipeline::kOtherSource, VF_TRY(read_source(engine, request.b, observer, stop)));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_compare(recipe, request.options, request.output.has_value()));
  if (request.output) VF_CHECK(publish(*request.output, product.files, engine.blobs(), stop));
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
