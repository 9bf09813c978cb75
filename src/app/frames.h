// The job `frames` from the command line: exact frames of a video, as a ZIP archive or a folder.
#pragma once

#include <filesystem>
#include <stop_token>

#include "app/recipe.h"
#include "pipeline/plans/frames.h"

namespace vf::app {

struct FramesRequest {
  enum class To { archive, folder, standard_output };

  std::filesystem::path input;
  std::filesystem::path output;
  To to = To::archive;
  bool replace = false;  // an archive of this name may go
  pipeline::FramesOptions options;
};

// Where a result of this name goes: "-", a name that ends with .zip, else a folder.
FramesRequest::To frames_target(const std::filesystem::path& output);

// Whether it may be written there, before any work is done. Errors: invalid_argument.
Result<void> check_frames_output(const FramesRequest& request);

// One archive, or every frame as a file of its own.
enum class FramesShape { archive, files };

// The recipe: "frames.zip", or the frames with their list.
Result<Product> make_frames(Recipe& recipe, const pipeline::FramesOptions& options, FramesShape shape);

// Publishes the frames and returns the report (docs/guides/frames.md). Errors: everything a person can do
// about their request, their file or their machine, each with one sentence.
Result<json::value> frames(Engine& engine, const FramesRequest& request, const JobObserver& observer,
                           std::stop_token stop);

}  // namespace vf::app
