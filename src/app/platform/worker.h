// The worker: leases stages, runs them, tells what came of them. Any number of them share one store.
//
// Threads: one a heavy slot, two for light stages (so that a probe or a playlist never waits behind an
// encoder), one that keeps the leases. A worker that is killed loses its running stages only: its lock file
// says so at once on the same machine, its silent heartbeat elsewhere.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/platform/driver.h"
#include "pipeline/stage_executor.h"
#include "queue/doorbell.h"
#include "store/checkpoint_store.h"

namespace vf::app {

struct WorkerOptions {
  int slots = 2;                   // heavy executions at a time
  std::int64_t memory_bytes = 0;   // for all running stages together, by their estimates
  std::filesystem::path lock_dir;  // where living workers of this machine hold their locks
  std::chrono::milliseconds beat{1000};
  std::chrono::milliseconds lease{15000};  // a heartbeat silent so long: the worker is lost
  std::chrono::milliseconds first_backoff{1000};
  std::chrono::milliseconds room_retry{5000};  // between two looks at a full disk
  int max_attempts = 3;
  int max_losses = 20;  // of workers by one job; media runs in children, so it is hardly ever the job's doing
};

// One lease that is over, for metrics and traces.
struct Ran {
  std::int64_t begin_ns = 0;  // Unix nanoseconds
  std::vector<store::StageDone> done;
  std::optional<Error> error;
  bool ours = true;     // false: the lease was lost on the way, and nothing was changed
  std::string outcome;  // "completed" or "failed" where the job ended with it
  json::value result;   // of the job, where it completed
};

struct WorkerParts {
  DriverParts driver;
  store::CheckpointStore& checkpoints;
  media::Nursery& nursery;
  int unhurried_nice = 0;  // see pipeline::StageExecutor
  queue::Doorbell& doorbell;
  // Gets bytes from an address for the stage "fetch": into `fd`, and the answer's facts.
  std::function<Result<json::value>(const json::value& params, int fd, const std::function<void(double)>& progress,
                                    std::stop_token stop)>
      fetch;
  std::function<void(const std::string& job)> on_progress;                      // some job of ours moved
  std::function<void(const store::Lease& lease, const Error& error)> on_error;  // for the log
  std::function<void(const std::string& worker, const store::Lease& lease, const Ran& ran)> on_ran;
};

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> start(const WorkerOptions& options, WorkerParts parts);
  // Gives back what runs; other workers go on with it.
  ~Worker();

  const std::string& id() const { return id_; }
  // How far the stages of a job are that run here right now: token -> fraction.
  double fraction(const std::string& job) const;
  bool healthy() const { return healthy_; }

 private:
  struct Running {
    std::string job;
    std::stop_source stop;
    double fraction = 0;
    std::int64_t memory_bytes = 0;
    bool light = false;
  };

  Worker(const WorkerOptions& options, WorkerParts parts);
  Result<void> enter();
  Result<void> enlist();
  void work(bool light, const std::stop_token& stop);
  bool work_once(bool light);
  void run(store::Lease lease);
  // Each gives whether the lease still held; what came of it goes into `ran`.
  Result<bool> run_stages(const store::Lease& lease, const std::stop_token& stop, Ran& ran);
  Result<bool> run_drive(const store::Lease& lease, Ran& ran);
  Result<bool> run_fetch(const store::Lease& lease, const std::stop_token& stop, Ran& ran);
  Result<std::vector<store::StageDone>> execute(const store::Lease& lease, const std::stop_token& stop);
  void settle(const store::Lease& lease, const Error& error, Ran& ran);
  void settle_what_could_not_be();
  void tell(std::int64_t token, double fraction);
  void keep_leases(const std::stop_token& stop);
  void beat();
  void look_for_lost_workers();
  std::int64_t free_memory(bool light) const;

  WorkerOptions options_;
  WorkerParts parts_;
  std::string id_;
  UniqueFd lock_;
  std::atomic<bool> healthy_ = true;
  std::atomic<bool> leaving_ = false;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<Running>> running_;
  struct Unsettled {
    store::Lease lease;
    Error error;
  };
  std::vector<Unsettled> unsettled_;  // that the database did not take: the disk that ended them ended that, too
  struct Seen {
    std::int64_t beat = 0;
    std::chrono::steady_clock::time_point since;
  };
  std::map<std::string, Seen> seen_;  // others' heartbeats, by our own clock
  std::vector<std::jthread> threads_;
};

}  // namespace vf::app
