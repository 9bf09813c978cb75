// What a job of any kind is made with, wherever it runs: something that gets stages run, the opened files it
// reads, and what it leaves.
//
// A recipe (make_transcode(), make_frames() ...) is straight code that asks for plans to be run and looks at
// what they left. On the command line run() works at once. On the platform it hands the plan to the workers
// and ends the recipe; once all stages are done the recipe is called again from its beginning, and run()
// gives what was left. So a recipe does nothing that may not be done twice, and decides by nothing but its
// options, its files and what run() gave.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/job.h"
#include "app/output_file.h"
#include "pipeline/plans/inspection.h"

namespace vf::app {

using Files = std::map<std::string, SourceFile>;  // by the name under which stages read them
using Sources = std::map<std::string, pipeline::Source>;

class StageRunner {
 public:
  // Whether these stages only find out what to do, or do it.
  enum class Phase { look, work };

  virtual ~StageRunner() = default;
  virtual Result<pipeline::RunReport> run(jobs::Plan plan, const Sources& sources, Phase phase) = 0;
  virtual blob::BlobStore& blobs() = 0;

  // Since when somebody may be waiting to watch what is made (RFC 3339), and files for them. Nobody waits for a
  // folder. What stages of the kind `grow` left is shown as soon as they are done.
  virtual std::optional<std::string> watched_since() const { return std::nullopt; }
  virtual Result<void> show(const std::vector<PublishedFile>&) { return {}; }
};

struct Recipe {
  StageRunner& stages;
  const Files& files;
  const JobObserver& observer;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  const SourceFile& video() const { return files.at(pipeline::kVideoSource); }
  Sources sources() const;
};

// What a recipe leaves: named files made of blobs, and its report.
struct Product {
  std::vector<PublishedFile> files;
  json::value report;
};

// Runs stages here and now; tells the observer how far the work is.
class EngineStages : public StageRunner {
 public:
  EngineStages(Engine& engine, const JobObserver& observer, std::stop_token stop)
      : engine_(engine), observer_(observer), stop_(std::move(stop)) {}
  Result<pipeline::RunReport> run(jobs::Plan plan, const Sources& sources, Phase phase) override;
  blob::BlobStore& blobs() override { return engine_.blobs(); }

 private:
  Engine& engine_;
  const JobObserver& observer_;
  std::stop_token stop_;
};

}  // namespace vf::app
