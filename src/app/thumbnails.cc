#include "app/thumbnails.h"

#include <chrono>

#include "app/inspect.h"
#include "app/publish.h"
#include "media/frames/storyboard.h"

namespace vf::app {
namespace {

// The sheet's tiles one by one, for players that read no WebVTT.
json::object storyboard_index(const media::frames::Storyboard& board) {
  json::array tiles;
  for (std::size_t i = 0; i < board.starts.size(); ++i) {
    const auto at = static_cast<int>(i);
    tiles.push_back(json::object{{"start_seconds", i == 0 ? 0.0 : board.starts[i]},
                                 {"end_seconds", i + 1 < board.starts.size() ? board.starts[i + 1] : board.end_seconds},
                                 {"x", at % board.columns * board.tile_width},
                                 {"y", at / board.columns * board.tile_height}});
  }
  return {{"image", "storyboard.jpg"},      {"columns", board.columns},         {"rows", board.rows},
          {"tile_width", board.tile_width}, {"tile_height", board.tile_height}, {"tiles", std::move(tiles)}};
}

std::int64_t size_of(const PublishedFile& file) {
  auto size = static_cast<std::int64_t>(file.text.size());
  for (const auto& piece : file.pieces) size += piece.size;
  return size;
}

}  // namespace

Result<Product> make_thumbnails(Recipe& recipe, const pipeline::ThumbnailsOptions& options) {
  recipe.observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(recipe.stages, recipe.video()));
  const auto plan = VF_TRY(pipeline::plan_thumbnails(inspection, options));
  const auto run = VF_TRY(recipe.stages.run(plan, recipe.sources(), StageRunner::Phase::work));

  const auto& poster = run.outputs.at("poster");
  const auto& board = run.outputs.at("storyboard");
  const auto& preview = run.outputs.at("preview");
  const auto index = storyboard_index(VF_TRY(from_json<media::frames::Storyboard>(board.result)));
  std::vector<PublishedFile> files{{"poster.jpg", {poster.blobs.at(0)}, {}},
                                   {"storyboard.jpg", {board.blobs.at(0)}, {}},
                                   {"storyboard.vtt", {board.blobs.at(1)}, {}},
                                   {"storyboard.json", {}, dump_pretty(index)},
                                   {"preview.webp", {preview.blobs.at(0)}, {}}};
  json::array listed;
  for (const auto& file : files) listed.push_back(json::object{{"name", file.name}, {"bytes", size_of(file)}});
  json::object report{{"version", VIDEOFORGE_VERSION}, {"source", source_object(recipe.video(), inspection.info)}};
  report["options"] = to_json(options);
  report["poster"] = poster.result;
  report["storyboard"] = json::object{{"tiles", index.at("tiles").as_array().size()},
                                      {"columns", index.at("columns")},
                                      {"rows", index.at("rows")},
                                      {"tile_width", index.at("tile_width")},
                                      {"tile_height", index.at("tile_height")}};
  report["preview"] = preview.result;
  report["files"] = std::move(listed);
  report["warnings"] = to_json(unique(inspection.info.warnings));
  add_cost(report, run, inspection.info.duration_seconds, recipe.start);
  files.push_back({"report.json", {}, dump_pretty(report)});
  return Product{std::move(files), std::move(report)};
}

Result<json::value> thumbnails(Engine& engine, const ThumbnailsRequest& request, const JobObserver& observer,
                               std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  Files files;
  files.emplace(pipeline::kVideoSource, VF_TRY(read_source(engine, request.input, observer, stop)));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  auto product = VF_TRY(make_thumbnails(recipe, request.options));
  VF_CHECK(publish(request.output, product.files, engine.blobs(), stop));
  // The result stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
