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

Result<void> publish_frames(const FramesRequest& request, const Done& done, blob::BlobStore& blobs,
                            const std::stop_token& stop) {
  switch (request.to) {
    case FramesRequest::To::folder:
      return publish(request.output, VF_TRY(folder_files(done)), blobs, stop);
    case FramesRequest::To::standard_output:
      return write_pieces(STDOUT_FILENO, archive_file(done), blobs, stop);
    case FramesRequest::To::archive:
      break;
  }
  return publish_file(request.output, archive_file(done), request.replace, blobs, stop);
}

// Looks for cuts, where that is what was asked for. Two plans, not one that grows: which frames are
// wanted follows from what this finds.
Result<std::vector<std::int64_t>> scenes_of(Engine& engine, const FramesRequest& request, const SourceFile& source,
                                            const pipeline::Inspection& inspection, const JobObserver& observer,
                                            const std::stop_token& stop) {
  if (request.options.select != "scenes") return std::vector<std::int64_t>{};
  observer.step("Looking for scenes");
  const auto plan = VF_TRY(pipeline::plan_scenes(inspection));
  const auto run = VF_TRY(engine.runner().run(plan, {{pipeline::kVideoSource, source.source()}}, stop));
  std::vector<media::stills::Signatures> parts;
  for (const auto& stage : plan.stages)
    parts.push_back(VF_TRY(from_json<media::stills::Signatures>(run.outputs.at(stage.id).result)));
  auto scenes = VF_TRY(media::stills::find_scenes(parts));
  if (scenes.empty())
    return fail(ErrorCode::invalid_input, "Not one picture of the video could be decoded; the file is damaged.");
  return scenes;
}

json::object report_of(const FramesRequest& request, const SourceFile& source, const pipeline::Inspection& inspection,
                       const Done& done) {
  json::object report{{"version", VIDEOFORGE_VERSION}, {"source", source_object(source, inspection.info)}};
  report["options"] = to_json(request.options);
  report["output"] = request.output.string();
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

Result<json::value> frames(Engine& engine, const FramesRequest& request, const JobObserver& observer,
                           std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  const auto source = VF_TRY(read_source(engine, request.input, observer, stop));
  observer.step("Looking at the video");
  const auto inspection = VF_TRY(inspect(engine, source, {}, stop));
  json::object facts{{"version", VIDEOFORGE_VERSION}, {"source", source_object(source, inspection.info)}};
  const auto scenes = VF_TRY(scenes_of(engine, request, source, inspection, observer, stop));
  const auto plan = VF_TRY(pipeline::plan_frames(inspection, request.options, scenes, facts));
  observer.media(plan.duration_seconds);
  const auto run =
      VF_TRY(engine.runner().run(plan.plan, {{pipeline::kVideoSource, source.source()}}, stop, observer.on_progress));
  if (stop.stop_requested()) return std::unexpected(interrupted());
  const Done done{plan, run, VF_TRY(from_json<Archive>(run.outputs.at(plan.archive).result))};
  VF_CHECK(publish_frames(request, done, engine.blobs(), stop));
  auto report = report_of(request, source, inspection, done);
  add_cost(report, run, plan.duration_seconds, start);
  // The result stands; a cache that could not be trimmed is no reason to call it failed.
  (void)engine.trim_when_alone();
  return json::value(std::move(report));
}

}  // namespace vf::app
