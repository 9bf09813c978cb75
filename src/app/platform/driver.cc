#include "app/platform/driver.h"

#include <array>

#include <openssl/hmac.h>

#include "app/job_sources.h"
#include "app/platform/served_files.h"
#include "base/clock.h"
#include "base/rfc3339.h"

namespace vf::app {
namespace {

constexpr std::int64_t kMaxFontBytes = 64 << 20;

// Runs a recipe as far as finished rounds carry it.
class ReplayStages : public StageRunner {
 public:
  ReplayStages(const DriverParts& parts, const store::Job& job, int rounds_done)
      : parts_(parts), job_(job), rounds_done_(rounds_done) {}

  Result<pipeline::RunReport> run(jobs::Plan plan, const Sources& sources, Phase phase) override {
    ++round_;
    if (round_ <= rounds_done_) return report_of(plan);
    extension_.emplace();
    extension_->stages = std::move(plan.stages);
    for (const auto& [name, source] : sources) extension_->sources.emplace(name, source.blob);
    // A look is a small part of the bar; the rest belongs to the work.
    extension_->shown = std::move(shown_);
    extension_->progress_to = phase == Phase::look ? 0.01 * round_ : 0.99;
    return fail(ErrorCode::unavailable, "The recipe waits for its stages.");
  }

  blob::BlobStore& blobs() override { return parts_.blobs; }
  std::optional<std::string> watched_since() const override { return format_rfc3339(job_.created_ms); }
  Result<void> show(const std::vector<PublishedFile>& files) override {
    for (const auto& file : files) shown_.push_back(VF_TRY(file_row(parts_.blobs, file)));
    return {};
  }
  std::optional<store::Extension>& extension() { return extension_; }

 private:
  Result<pipeline::RunReport> report_of(const jobs::Plan& plan) {
    if (!rows_) rows_ = VF_TRY(parts_.jobs.stages(job_.id));
    pipeline::RunReport report;
    for (const auto& row : *rows_) {
      if (row.round != round_ || row.stage.kind == "drive" || !row.output) continue;
      report.outputs.emplace(row.stage.id, *row.output);
      report.stages.push_back(
          {row.stage.id, row.stage.kind, row.state == "skipped", row.attempts, row.usage.value_or(jobs::StageUsage{})});
    }
    for (const auto& stage : plan.stages)
      if (!report.outputs.contains(stage.id))
        return fail(ErrorCode::internal, "The plan of this job changed while it ran; start it anew.",
                    fmt::format("round {} has no stage {}", round_, stage.id));
    return report;
  }

  const DriverParts& parts_;
  const store::Job& job_;
  int rounds_done_;
  int round_ = 0;
  std::optional<std::vector<store::StageRow>> rows_;
  std::vector<store::FileRow> shown_;
  std::optional<store::Extension> extension_;
};

Result<SourceFile> asset_of(const DriverParts& parts, const std::string& id) {
  const auto asset = VF_TRY(parts.assets.find(id));
  if (!asset) return fail(ErrorCode::not_found, "A picture or subtitle file that this job uses was removed.");
  return SourceFile{asset->file_name, VF_TRY(parts.blobs.open(asset->blob)), asset->blob};
}

Result<SourceFile> source_of(const DriverParts& parts, const NeededSource& needed) {
  if (!needed.asset.empty()) return asset_of(parts, needed.asset);
  const auto video = VF_TRY(parts.videos.find(needed.video));
  if (!video || !video->source) return fail(ErrorCode::not_found, "A video that this job reads is gone.");
  return SourceFile{video->file_name, VF_TRY(parts.blobs.open(*video->source)), *video->source};
}

// Sandboxed children read blobs only, so the system's font becomes one.
Result<SourceFile> font_file(blob::BlobStore& blobs) {
  const auto path = VF_TRY(font_path());
  const auto ref = VF_TRY(keep_text(blobs, VF_TRY(read_whole(path, kMaxFontBytes))));
  return SourceFile{path.filename(), VF_TRY(blobs.open(ref)), ref};
}

Result<Files> open_files(const DriverParts& parts, const store::Job& job) {
  Files files;
  for (const auto& needed : needed_sources(job)) files.emplace(needed.name, VF_TRY(source_of(parts, needed)));
  if (needs_font(job)) files.emplace(pipeline::kFontSource, VF_TRY(font_file(parts.blobs)));
  return files;
}

std::string secret_of(const std::string& secret, const std::string& owner) {
  std::array<unsigned char, 32> mac{};
  unsigned length = mac.size();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(owner.data()), owner.size(), mac.data(), &length);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

// The page of a set opened from a folder; the platform has pages of its own.
bool is_folder_page(const store::Job& job, const std::string& name) {
  return job.kind == "transcode" && (name == "index.html" || name == "report.json");
}

Result<store::Finished> finished(const DriverParts& parts, const store::Job& job, const JobKind& kind,
                                 Product product) {
  store::Finished out;
  out.result = std::move(product.report);
  out.for_video = kind.for_video;
  if (job.kind == "import") {
    out.source = product.files.at(0).pieces.at(0);
    out.next =
        store::NewJob{"transcode",  job.owner,       job.video, VF_TRY(find_job_kind("transcode")->check(nullptr)),
                      job.priority, job.correlation, job.trace};
    return out;
  }
  for (const auto& file : product.files)
    if (!is_folder_page(job, file.name)) out.files.push_back(VF_TRY(file_row(parts.blobs, file)));
  if (!kind.for_video && parts.archive_ms > 0) out.expires_ms = wall_clock_ms() + parts.archive_ms;
  return out;
}

}  // namespace

Result<DriveStep> drive(const DriverParts& parts, const store::Job& job, int round) {
  const auto* kind = find_job_kind(job.kind);
  if (!kind) return fail(ErrorCode::internal, fmt::format("This worker knows no job of the kind '{}'.", job.kind));
  const auto files = VF_TRY(open_files(parts, job));
  ReplayStages stages(parts, job, round);
  const JobObserver nobody;
  Recipe recipe{stages, files, nobody};
  std::optional<store::VideoFacts> facts;
  const KindContext context{secret_of(parts.secret, job.owner),
                            [&](const pipeline::Inspection& look) { facts = facts_of(look); }};
  auto product = kind->make(recipe, job.params, context);
  if (auto& extension = stages.extension()) {
    extension->facts = std::move(facts);
    return DriveStep(std::move(*extension));
  }
  if (!product) return std::unexpected(std::move(product).error());
  auto end = VF_TRY(finished(parts, job, *kind, std::move(*product)));
  end.facts = std::move(facts);
  return DriveStep(std::move(end));
}

}  // namespace vf::app
