#include "app/platform/workshop.h"

#include <algorithm>

#include "app/engine.h"
#include "app/platform/figures.h"
#include "app/platform/options.h"
#include "app/platform/tracing.h"
#include "net/fetch.h"

namespace vf::app {
namespace {

using telemetry::Level;

json::object log_fields(const store::Lease& lease, const Error& error) {
  json::object out{{"code", to_string(error.code)}};
  if (!error.detail.empty()) out["detail"] = error.detail;
  if (lease.job.id.empty()) return out;
  out["jobId"] = lease.job.id;
  out["kind"] = lease.job.kind;
  out["correlationId"] = lease.job.correlation;
  if (!lease.stages.empty()) {
    out["stage"] = lease.stages.front().stage.id;
    out["attempt"] = lease.stages.front().attempts;
  }
  return out;
}

// The first seconds of a film that somebody waits to see get some nine parts of ten beside what is only to be finished
// some time, and still a tenth beside the server.
constexpr int kAwaitedAhead = 9;

}  // namespace

Result<Workshop> open_workshop(const Config& config, Storage& storage, queue::Doorbell& doorbell, telemetry::Log& log,
                               telemetry::Metrics& metrics, telemetry::Tracer* tracer,
                               std::function<void(const std::string&)> on_progress) {
  Workshop out;
  media::NurseryOptions nursery;
  const auto nice = static_cast<int>(std::clamp<std::int64_t>(config.number("worker.nice"), 0, 19));
  nursery.nice = std::max(0, nice - kAwaitedAhead);
  out.nursery = std::make_unique<media::Nursery>(VF_TRY(media::Nursery::create(nursery)));
  WorkerOptions options;
  options.slots = std::max(1, slots_of(config));
  const auto memory = config.number("worker.memory");
  options.memory_bytes = memory > 0 ? memory : available_memory() / 4 * 3;
  options.lock_dir = storage.workers_dir();
  options.max_attempts = static_cast<int>(std::clamp<std::int64_t>(config.number("jobs.max_attempts"), 1, 100));
  net::FetchLimits limits;
  limits.max_bytes = config.number("import.max_size");
  limits.allow_private = config.flag("import.allow_private");
  WorkerParts parts{.driver = {*storage.blobs, *storage.jobs, *storage.videos, *storage.assets, storage.secret,
                               config.milliseconds("jobs.keep_results")},
                    .checkpoints = *storage.checkpoints,
                    .nursery = *out.nursery,
                    .unhurried_nice = nice - nursery.nice,
                    .doorbell = doorbell,
                    .fetch = [limits](const json::value& params, int fd, const std::function<void(double)>& progress,
                                      std::stop_token stop) -> Result<json::value> {
                      const std::string url(params.as_object().at("url").as_string());
                      std::int64_t bytes = 0;
                      VF_CHECK(net::fetch(url, fd, limits, std::move(stop), [&](std::int64_t done, std::int64_t all) {
                        bytes = done;
                        if (all > 0) progress(static_cast<double>(done) / static_cast<double>(all));
                      }));
                      return json::value(json::object{{"url", net::shown_address(url)}, {"bytes", bytes}});
                    },
                    .on_progress = std::move(on_progress),
                    .on_error =
                        [&log](const store::Lease& lease, const Error& error) {
                          log.write(Level::warning, "job", error.message, log_fields(lease, error));
                        },
                    .on_ran =
                        [&metrics, tracer, &videos = *storage.videos](const std::string& worker,
                                                                      const store::Lease& lease, const Ran& ran) {
                          count_lease(metrics, videos, lease, ran);
                          if (tracer) trace_lease(*tracer, worker, lease, ran);
                        }};
  out.worker = VF_TRY(Worker::start(options, std::move(parts)));
  return out;
}

}  // namespace vf::app
