#include "app/platform/job_plan.h"

#include "app/inspect.h"
#include "app/transcode.h"
#include "base/json_case.h"

namespace vf::app {
namespace {

// At once, in the thread that asks, under the owner's scope: what it finds serves the owner's jobs, too.
class OwnersStages : public StageRunner {
 public:
  OwnersStages(const LookParts& parts, const std::string& owner)
      : blobs_(parts.blobs), runner_(parts.blobs, parts.checkpoints, parts.nursery, options(owner)) {}

  Result<pipeline::RunReport> run(jobs::Plan plan, const Sources& sources, Phase) override {
    return runner_.run(std::move(plan), sources, {});
  }
  blob::BlobStore& blobs() override { return blobs_; }

 private:
  static pipeline::RunnerOptions options(const std::string& owner) {
    pipeline::RunnerOptions out;
    out.workers = 1;
    out.scope = owner;
    return out;
  }
  blob::BlobStore& blobs_;
  pipeline::Runner runner_;
};

Result<Files> source_of(const LookParts& parts, const store::Video& video) {
  if (!video.source) return fail(ErrorCode::conflict, "The video's bytes are not here yet.");
  Files files;
  files.emplace(pipeline::kVideoSource,
                SourceFile{video.file_name, VF_TRY(parts.blobs.open(*video.source)), *video.source});
  return files;
}

}  // namespace

Result<json::value> plan_job(const LookParts& parts, const store::Video& video, const std::string& kind,
                             const json::value& params) {
  if (kind != "transcode")
    return fail(ErrorCode::invalid_argument, "A plan can be shown for jobs of the kind transcode.");
  const auto files = VF_TRY(source_of(parts, video));
  OwnersStages stages(parts, video.owner);
  const JobObserver nobody;
  Recipe recipe{stages, files, nobody};
  // A plan's keys are not shown, so any secret serves.
  const std::string secret(32, '\0');
  return to_camel(VF_TRY(describe_transcode(recipe, VF_TRY(from_json<pipeline::TranscodeOptions>(params)), secret)));
}

Result<json::value> look_at(const LookParts& parts, const store::Video& video, bool loudness) {
  const auto files = VF_TRY(source_of(parts, video));
  OwnersStages stages(parts, video.owner);
  return to_camel(to_json(VF_TRY(inspect(stages, files.at(pipeline::kVideoSource), {loudness})).info));
}

}  // namespace vf::app
