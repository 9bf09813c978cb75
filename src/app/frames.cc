#include "app/frames.h"

#include <algorithm>
#include <chrono>

#include <unistd.h>

#include "app/inspect.h"
#include "app/publish.h"
#include "media/stills/archive.h"
#include "media/stills/scenes.h"

namespace vf::app {
namespace {

using media::stills::Archive;
using media::stills::Extracted;

struct Done {
  const pipeline::FramesPlan& plan;
  const pipeline::RunReport& run;
  Archive archive;
};

// The archive: its pieces one after the other, then its end.
PublishedFile archive_file(const Done& done) {
  PublishedFile file;
  file.name = "frames.zip";
  for (const auto& id : done.plan.pieces) file.pieces.push_back(done.run.outputs.at(id).blobs.at(0));
  const auto& end = done.run.outputs.at(done.plan.archive);
  file.pieces.insert(file.pieces.end(), end.blobs.begin(), end.blobs.end());
  return file;
}

// The same members as single files, each a part of a piece.
Result<std::vector<PublishedFile>> folder_files(const Done& done) {
  std::vector<PublishedFile> files;
  for (const auto& id : done.plan.pieces) {
    const auto& output = done.run.outputs.at(id);
    const auto extracted = VF_TRY(from_json<Extracted>(output.result));
    for (const auto& frame : VF_TRY(media::stills::frames_of(extracted))) {
      PublishedFile file;
      file.name = done.plan.naming.name(frame.index, frame.ticks);
      file.slice = BlobSlice{output.blobs.at(0), frame.offset, frame.size};
      files.push_back(std::move(file));
    }
  }
  const auto& list = done.run.outputs.at(done.plan.archive).blobs.at(0);
  PublishedFile file;
  file.name = media::stills::kFrameListName;
  file.slice = BlobSlice{list, done.archive.list_offset, list.size - done.archive.list_offset};
  files.push_back(std::move(file));
  return files;
}

// Looks for cuts, where that is what was asked for. Two plans, not one that grows: which frames are
// wanted follows from what this finds.
Result<std::vector<std::int64_t>> scenes_of(Recipe& recipe, const pipeline::FramesOptions& options,
                                            const pipeline::Inspection& inspection) {
  if (options.select != "scenes") return std::vector<std::int64_t>{};
  recipe.observer.step("Looking for scenes");
  const auto plan = VF_TRY(pipeline::plan_scenes(inspection));
  const auto run = VF_TRY(recipe.stages.run(plan, recipe.sources(), StageRunner::Phase::look));
  std::vector<media::stills::Signatures> parts;
  for (const auto& stage : plan.stages)
    parts.push_back(VF_TRY(from_json<media::stills::Signatures>(run.outputs.at(stage.id).result)));
  auto scenes = VF_TRY(media::stills::find_scenes(parts));
  if (scenes.empty())
    return fail(ErrorCode::invalid_input, "Not one picture of the video could be decoded; the file is damaged.");
  return scenes;
}

json::object report_of(const pipeline::FramesOptions& options, const SourceFile& source,
                       const pipeline::Inspection& inspection, const Done& done) {
  json::object report{{"version", VIDEOFORGE_VERSION}, {"source", source_object(source, inspection.info)}};
  report["options"] = to_json(options);
  report["frames"] = done.archive.frames;
  report["source_frames"] = done.plan.source_frames;
  report["lost"] = done.archive.lost;
  report["damaged"] = done.archive.damaged;
  report["width"] = done.plan.still.width;
  report["height"] = done.plan.still.height;
  report["bytes"] = done.archive.bytes;
  report["warnings"] = to_json(unique(done.archive.warnings));
  return report;
}

Result<void> publish_frames(const FramesRequest& request, const std::vector<PublishedFile>& files,
                            blob::BlobStore& blobs, const std::stop_token& stop) {
  switch (request.to) {
    case FramesRequest::To::folder:
      return publish(request.output, files, blobs, stop);
    case FramesRequest::To::standard_output:
      return write_pieces(STDOUT_FILENO, files.front(), blobs, stop);
    case FramesRequest::To::archive:
      break;
  }
  return publish_file(request.output, files.front(), request.replace, blobs, stop);
}

}  // namespace

FramesRequest::To frames_target(const std::filesystem::path& output) {
  if (output == "-") return FramesRequest::To::standard_output;
  auto extension = output.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".zip" ? FramesRequest::To::archive : FramesRequest::To::folder;
}

Result<void> check_frames_output(const FramesRequest& request) {
  if (request.replace && request.to != FramesRequest::To::archive)
    return fail(ErrorCode::invalid_argument,
                "--force replaces a file; a folder of ours is replaced without it, and standard output is no file.");
  switch (request.to) {
    case FramesRequest::To::folder:
      return check_output_folder(request.output);
    case FramesRequest::To::standard_output:
      if (::isatty(STDOUT_FILENO) != 1) return {};
      return fail(ErrorCode::invalid_argument,
                  "An archive does not go to a terminal. Send it to a file or a pipe: -o - > frames.zip");
    case FramesRequest::To::archive:
      break;
  }
  return check_output_file(request.output, request.replace, {request.input});
}

Result<Product> make_frames(Recipe& recipe, const pipeline::FramesOptions& options, FramesShape shape) {
  recipe.observer.step("Looking at the video");
  const auto& source = recipe.video();
  const auto inspection = VF_TRY(inspect(recipe.stages, source));
  json::object facts{{"version", VIDEOFORGE_VERSION}, {"source", source_object(source, inspection.info)}};
  const auto scenes = VF_TRY(scenes_of(recipe, options, inspection));
  const auto plan = VF_TRY(pipeline::plan_frames(inspection, options, scenes, facts));
  recipe.observer.media(plan.duration_seconds);
  const auto run = VF_TRY(recipe.stages.run(plan.plan, recipe.sources(), StageRunner::Phase::work));
  const Done done{plan, run, VF_TRY(from_json<Archive>(run.outputs.at(plan.archive).result))};
  Product product;
  if (shape == FramesShape::archive)
    product.files.push_back(archive_file(done));
  else
    product.files = VF_TRY(folder_files(done));
  auto report = report_of(options, source, inspection, done);
  add_cost(report, run, plan.duration_seconds, recipe.start);
  product.report = std::move(report);
  return product;
}

Result<json::value> frames(Engine& engine, const FramesRequest& request, const JobObserver& observer,
                           std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  Files files;
  files.emplace(pipeline::kVideoSource, VF_TRY(read_source(engine, request.input, observer, stop)));
  EngineStages stages(engine, observer, stop);
  Recipe recipe{stages, files, observer, start};
  const auto shape = request.to == FramesRequest::To::folder ? FramesShape::files : FramesShape::archive;
  auto product = VF_TRY(make_frames(recipe, request.options, shape));
  VF_CHECK(publish_frames(request, product.files, engine.blobs(), stop));
  product.report.as_object()["output"] = request.output.string();
  // The result stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return std::move(product.report);
}

}  // namespace vf::app
