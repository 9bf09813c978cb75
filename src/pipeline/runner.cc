#include "pipeline/runner.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "pipeline/run_state.h"
#include "pipeline/stage_executor.h"

namespace vf::pipeline {
namespace {

using Nodes = std::vector<std::size_t>;

constexpr auto kFirstBackoff = std::chrono::milliseconds(100);

struct Member {
  std::size_t node;
  ExecutorMember work;
};

// One call of Runner::run: the threads, their lock, and the way one group goes from leased to done.
class Run {
 public:
  Run(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, media::Nursery& nursery,
      const RunnerOptions& options, const std::map<std::string, Source>& sources, const Runner::Observe& observe)
      : executor_(blobs, checkpoints, nursery, options.scope),
        options_(options),
        sources_(sources),
        observe_(observe) {}

  Result<RunReport> go(jobs::Plan plan, std::stop_token stop) {
    VF_CHECK(state_.add(std::move(plan.stages), sources_));
    {
      const std::stop_callback on_stop(stop, [this] { fail_run(std::move(interrupted_)); });
      std::vector<std::jthread> workers;
      try {
        for (int i = 0; i < std::max(1, options_.workers); ++i) workers.emplace_back([this] { work(); });
      } catch (const std::exception&) {
        // The system gives no more threads or memory: those that started do it all.
        if (workers.empty()) fail_run(std::move(no_memory_));
      }
    }
    if (error_) return std::unexpected(std::move(*error_));
    return std::move(state_).report();
  }

 private:
  // Nothing may leave a thread as an exception: that would end the process.
  void work() {
    try {
      work_through();
    } catch (const std::bad_alloc&) {
      fail_run(std::move(no_memory_));
    } catch (const std::exception& e) {
      fail_run({ErrorCode::internal, "An unexpected fault.", e.what()});
    }
  }

  void work_through() {
    for (;;) {
      Nodes group;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] {
          if (error_ || state_.all_done()) return true;
          group = state_.take(options_.memory_bytes);
          return !group.empty() || state_.idle();
        });
        if (error_ || state_.all_done()) return;
        if (group.empty()) {
          error_ = Error{ErrorCode::internal, "The plan waits for itself.", {}};
          wake_.notify_all();
          return;
        }
      }
      run_group(group);
      wake_.notify_all();
    }
  }

  void run_group(Nodes group) {
    for (;;) {
      // Asked again before every attempt: the last one may have committed some of them.
      auto missing = reuse(group);
      if (!missing) return fail_run(missing.error());
      if (missing->empty()) return;
      group.clear();
      for (const auto& member : *missing) group.push_back(member.node);
      auto done = execute_members(*missing);
      if (done) return;
      const int attempt = attempts_of(*missing);
      if (!is_retryable(done.error().code) || done.error().code == ErrorCode::no_space ||
          attempt >= options_.max_attempts)
        return fail_run(std::move(done).error());
      if (!back_off(attempt)) return;
      retry(*missing);
    }
  }

  int attempts_of(const std::vector<Member>& members) {
    const std::scoped_lock lock(mutex_);
    return state_.attempts(members.front().node) + extra_attempts_[members.front().node];
  }

  void retry(const std::vector<Member>& members) {
    const std::scoped_lock lock(mutex_);
    for (const auto& member : members) ++extra_attempts_[member.node];
  }

  // Waits before the next attempt; false when the run ended meanwhile.
  bool back_off(int attempt) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, kFirstBackoff * (1 << attempt), [&] { return error_.has_value(); });
  }

  std::vector<jobs::StageOutput> inputs_of(const jobs::Stage& stage) {
    const std::scoped_lock lock(mutex_);
    return gather_inputs(stage, sources_, [&](const std::string& id) -> const auto& { return state_.output_of(id); });
  }

  // Finishes those whose checkpoint stands; returns the rest.
  Result<std::vector<Member>> reuse(const Nodes& group) {
    std::vector<Member> missing;
    for (const auto node : group) {
      const auto& stage = state_.stage(node);
      Member member{node, {&stage, inputs_of(stage)}};
      if (auto known = VF_TRY(executor_.find(member.work)))
        finish(node, std::move(*known), {stage.id, stage.kind, true, 0, {}});
      else
        missing.push_back(std::move(member));
    }
    return missing;
  }

  Result<void> execute_members(const std::vector<Member>& members) {
    Nodes nodes;
    std::vector<ExecutorMember> work;
    for (const auto& member : members) {
      nodes.push_back(member.node);
      work.push_back(member.work);
    }
    auto done =
        VF_TRY(executor_.execute(work, sources_, [&](double fraction) { tell(nodes, fraction); }, stop_.get_token()));
    // Only now: a stage that is finished must not be tried again because its neighbour failed.
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto& stage = *work[m].stage;
      finish(nodes[m], std::move(done[m].output),
             {stage.id, stage.kind, false, attempts_of({members[m]}), done[m].usage});
    }
    return {};
  }

  void finish(std::size_t node, jobs::StageOutput output, StageRecord record) {
    const std::scoped_lock lock(mutex_);
    state_.finish(node, std::move(output), std::move(record));
    if (observe_) observe_(state_.snapshot());
    wake_.notify_all();
  }

  void tell(const Nodes& nodes, double fraction) {
    const std::scoped_lock lock(mutex_);
    state_.progress(nodes, fraction);
    if (observe_ && !error_) observe_(state_.snapshot());
  }

  // The first error ends the run; what is running is stopped.
  void fail_run(Error error) {
    {
      const std::scoped_lock lock(mutex_);
      if (!error_) error_ = std::move(error);
    }
    stop_.request_stop();
    wake_.notify_all();
  }

  StageExecutor executor_;
  const RunnerOptions& options_;
  const std::map<std::string, Source>& sources_;
  const Runner::Observe& observe_;

  std::mutex mutex_;
  std::condition_variable wake_;
  RunState state_;
  std::map<std::size_t, int> extra_attempts_;
  std::optional<Error> error_;
  // Made before they are needed: without memory, or inside a stop callback, no text can be made.
  Error no_memory_{ErrorCode::no_memory, "There is not enough memory. Run it again; it goes on where it stopped.", {}};
  Error interrupted_{ErrorCode::cancelled, "Interrupted. Run the same command again to go on where it stopped.", {}};
  std::stop_source stop_;
};

}  // namespace

Result<RunReport> Runner::run(jobs::Plan plan, const std::map<std::string, Source>& sources, std::stop_token stop,
                              const Observe& observe) {
  return Run(blobs_, checkpoints_, nursery_, options_, sources, observe).go(std::move(plan), std::move(stop));
}

}  // namespace vf::pipeline
