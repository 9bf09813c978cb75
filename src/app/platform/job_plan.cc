#include "app/platform/job_plan.h"

#include <array>
#include <span>

#include <unistd.h>

#include "app/inspect.h"
#include "app/platform/job_kinds.h"
#include "app/transcode.h"
#include "base/json_case.h"
#include "pipeline/stages/subtitles.h"

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

// By the first line, in any of the encodings that are read; what is neither of two is the third.
std::string_view subtitle_type(int fd) {
  std::array<char, 64> head{};
  const auto got = ::pread(fd, head.data(), head.size(), 0);
  std::string text;
  for (const char c : std::span(head).first(static_cast<std::size_t>(std::max<ssize_t>(got, 0))))
    if (c > 0x20 && c < 0x7f) text += c;
  if (text.starts_with("WEBVTT")) return "text/vtt";
  return text.starts_with("[Script") ? "text/x-ssa" : "application/x-subrip";
}

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
  return to_camel(VF_TRY(describe_transcode(recipe, VF_TRY(transcode_options(params)), secret)));
}

Result<json::value> look_at_asset(const LookParts& parts, const std::string& owner, const std::string& kind,
                                  const jobs::BlobRef& blob) {
  const bool picture = kind == "picture";
  jobs::Stage stage;
  stage.id = kind;
  stage.kind = kind;
  stage.params =
      picture ? json::value(json::object{}) : to_json(pipeline::SubtitlesParams{.spec = {}, .own_file = true});
  stage.inputs = {{"asset", {}}};
  stage.outputs = picture ? 0 : 1;
  const auto fd = VF_TRY(parts.blobs.open(blob));
  OwnersStages stages(parts, owner);
  const auto run =
      VF_TRY(stages.run({{stage}}, {{"asset", pipeline::Source{blob, fd.get()}}}, StageRunner::Phase::look));
  const auto& result = run.outputs.at(stage.id).result;
  if (picture) return to_camel(result);
  const auto cues = result.as_object().at("cues").as_int64();
  if (cues == 0) return fail(ErrorCode::invalid_input, "There is not one subtitle in this file.");
  return json::value(json::object{{"contentType", subtitle_type(fd.get())}, {"cues", cues}});
}

Result<json::value> look_at(const LookParts& parts, const store::Video& video, bool loudness) {
  const auto files = VF_TRY(source_of(parts, video));
  OwnersStages stages(parts, video.owner);
  return to_camel(to_json(VF_TRY(inspect(stages, files.at(pipeline::kVideoSource), {loudness})).info));
}

}  // namespace vf::app
