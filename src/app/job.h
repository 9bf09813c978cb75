// What every job has around its plan, whatever its kind: how it tells how far it is, how it reads its
// source, and the parts of its report that all reports share.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "app/engine.h"
#include "media/probe/media_info.h"

namespace vf::app {

// Tells how far it is. All calls come one at a time.
struct JobObserver {
  std::function<void(std::string_view what)> on_step;  // "Reading the file" ...
  std::function<void(double seconds)> on_media;        // length of the media that is worked on, once known
  std::function<void(const pipeline::Progress&)> on_progress;

  void step(std::string_view what) const {
    if (on_step) on_step(what);
  }
  void media(double seconds) const {
    if (on_media) on_media(seconds);
  }
};

// What a person reads when the work was stopped by them.
Error interrupted();

// Opens and hashes a file that a person named. Errors: as open_source; cancelled.
Result<SourceFile> read_source(Engine& engine, const std::filesystem::path& path, const JobObserver& observer,
                               const std::stop_token& stop);

// "source" of a report.
json::object source_object(const SourceFile& source, const media::MediaInfo& info);

// "stages" and "timing" of a report. `media_seconds` is what the speed counts.
void add_cost(json::object& report, const pipeline::RunReport& run, double media_seconds,
              std::chrono::steady_clock::time_point start);

// Each sentence once.
std::vector<media::Warning> unique(const std::vector<media::Warning>& warnings);

}  // namespace vf::app
