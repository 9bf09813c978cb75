#include "app/platform/figures.h"

#include <filesystem>

#include "app/platform/job_kinds.h"

namespace vf::app {
namespace {

using telemetry::Reading;

double number(std::int64_t value) { return static_cast<double>(value); }

void queue_figures(store::JobStore& jobs, std::vector<Reading>& out) {
  if (const auto figures = jobs.figures()) {
    out.push_back({"videoforge_queue_ready_stages", "Stages that wait for a worker.", {}, number(figures->ready)});
    out.push_back({"videoforge_queue_running_leases", "Executions under way.", {}, number(figures->running)});
    out.push_back({"videoforge_queue_oldest_seconds",
                   "Age of the job that waits longest.",
                   {},
                   number(figures->oldest_ready_ms) / 1000});
  }
  if (auto counts = jobs.count_stages()) {
    // Also where nothing is to do the figure is there, with 0 of what every job begins with.
    if (counts->empty()) counts->push_back({"drive", "ready", 0});
    for (const auto& row : *counts)
      out.push_back({"videoforge_stages",
                     "Stages of jobs that have not ended, by kind and state.",
                     {{"kind", row.kind}, {"state", row.state}},
                     number(row.count)});
  }
  if (const auto workers = jobs.workers())
    out.push_back({"videoforge_workers", "Workers that are known.", {}, number(std::ssize(*workers))});
}

template <typename Counts>
void by_state(const char* name, const char* help, const Counts& counts, std::vector<Reading>& out) {
  if (!counts) return;
  for (const auto& [state, count] : *counts) out.push_back({name, help, {{"state", state}}, number(count)});
}

}  // namespace

std::vector<Reading> stored_figures(Storage& storage) {
  std::vector<Reading> out;
  queue_figures(*storage.jobs, out);
  by_state("videoforge_jobs", "Jobs by state.", storage.jobs->count_by_state(), out);
  by_state("videoforge_videos", "Videos by state.", storage.videos->count_by_state(), out);
  if (const auto free = storage.blobs->free_bytes())
    out.push_back({"videoforge_storage_free_bytes", "Room left for blobs.", {}, number(*free)});
  std::error_code failed;
  if (const auto space = std::filesystem::space(storage.folder, failed); !failed)
    out.push_back({"videoforge_storage_size_bytes",
                   "Size of the file system that holds the data folder.",
                   {},
                   static_cast<double>(space.capacity)});
  return out;
}

void count_lease(telemetry::Metrics& metrics, store::VideoStore& videos, const store::Lease& lease, const Ran& ran) {
  if (!ran.ours) return metrics.lease_lost();
  const auto& kind = lease.stages.front().stage.kind;
  for (const auto& one : ran.done)
    metrics.stage(kind, one.reused ? "reused" : "done", one.usage.wall_seconds, one.usage.cpu_seconds,
                  one.usage.peak_memory_bytes);
  if (ran.error) metrics.stage(kind, "failed", 0, 0, 0);
  if (ran.outcome.empty()) return;
  metrics.job(lease.job.kind, ran.outcome);
  if (ran.outcome != "completed") return;
  const auto* made = find_job_kind(lease.job.kind);
  if (made && made->for_video && lease.job.video)
    if (const auto video = videos.find(*lease.job.video); video && *video)
      metrics.media_seconds(number((*video)->duration_ms.value_or(0)) / 1000);
  const auto* result = ran.result.if_object();
  const auto* frames = result && lease.job.kind == "frames" ? result->if_contains("frames") : nullptr;
  if (frames && frames->is_int64()) metrics.frames(frames->as_int64());
}

}  // namespace vf::app
