#include "pipeline/runner.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "pipeline/execution.h"
#include "pipeline/run_state.h"
#include "pipeline/stage_kind.h"

namespace vf::pipeline {
namespace {

using Nodes = std::vector<std::size_t>;

// Left free on the disk whatever a stage expects to write.
constexpr std::int64_t kDiskMargin = 64LL << 20;
constexpr std::int64_t kMinMemoryCap = 1LL << 30;
constexpr auto kFirstBackoff = std::chrono::milliseconds(100);

struct Member {
  std::size_t node;
  const jobs::Stage* stage;
  std::string key;
  std::vector<jobs::StageOutput> inputs;  // a source stands as an output without a result
};

// Everything one execution reads and writes, opened and numbered.
struct Wired {
  ExecutionRequest request;
  std::vector<UniqueFd> inputs;
  std::vector<std::vector<std::unique_ptr<blob::Staged>>> outputs;  // by member
  std::map<std::string, int> places;  // one descriptor a blob, however many members read it
};

// Caps are generous multiples of the estimate: they stop a bomb, not a slow machine.
media::Limits limits_for(const std::vector<Member>& members) {
  media::Limits limits;
  std::int64_t memory = 0;
  std::int64_t output = 0;
  double cpu = 0;
  for (const auto& member : members) {
    memory += member.stage->cost.memory_bytes;
    output = std::max(output, member.stage->cost.output_bytes);
    cpu += member.stage->cost.cpu_seconds;
  }
  limits.memory_bytes = std::max(kMinMemoryCap, 3 * memory);
  limits.output_bytes = std::max<std::int64_t>(256LL << 20, 20 * output);
  limits.cpu_seconds = 120 + 60 * cpu;
  limits.wall_seconds = 300 + 120 * cpu;
  return limits;
}

// One call of Runner::run: the threads, their lock, and the way one group goes from leased to done.
class Run {
 public:
  Run(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, media::Nursery& nursery,
      const RunnerOptions& options, const std::map<std::string, Source>& sources, const Runner::Observe& observe)
      : blobs_(blobs),
        checkpoints_(checkpoints),
        nursery_(nursery),
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
        return fail_run(explained(std::move(done).error(), *missing));
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
    std::vector<jobs::StageOutput> out;
    for (const auto& input : stage.inputs) {
      if (!input.source.empty()) {
        out.push_back({nullptr, {sources_.at(input.source).blob}});
        continue;
      }
      const auto& whole = state_.output_of(input.stage);
      jobs::StageOutput part{whole.result, {}};
      for (const int i : input.blobs) part.blobs.push_back(whole.blobs.at(static_cast<std::size_t>(i)));
      out.push_back(std::move(part));
    }
    return out;
  }

  // Finishes those whose checkpoint stands; returns the rest.
  Result<std::vector<Member>> reuse(const Nodes& group) {
    std::vector<Member> missing;
    for (const auto node : group) {
      const auto& stage = state_.stage(node);
      const auto* kind = find_stage_kind(stage.kind);
      if (!kind) return fail(ErrorCode::internal, fmt::format("Nobody knows a stage of the kind '{}'.", stage.kind));
      Member member{node, &stage, {}, inputs_of(stage)};
      member.key = jobs::stage_key(options_.scope, stage.kind, kind->version(), stage.params, member.inputs);
      auto known = VF_TRY(checkpoints_.find(member.key));
      if (known && VF_TRY(intact(*known))) {
        finish(node, std::move(known->output), {stage.id, stage.kind, true, 0, {}});
        continue;
      }
      missing.push_back(std::move(member));
    }
    return missing;
  }

  // A checkpoint whose bytes are gone, cut or changed is forgotten and made again.
  Result<bool> intact(const store::Checkpoint& checkpoint) {
    for (const auto& blob : checkpoint.output.blobs)
      if (!VF_TRY(blobs_.intact(blob))) {
        VF_CHECK(checkpoints_.forget(checkpoint.key));
        return false;
      }
    return true;
  }

  static std::int64_t disk_needed(const std::vector<Member>& members) {
    std::int64_t needed = kDiskMargin;
    for (const auto& member : members) needed += member.stage->outputs > 0 ? member.stage->cost.output_bytes : 0;
    return needed;
  }

  Error disk_full(std::int64_t free, std::int64_t needed, std::string detail = {}) {
    return {ErrorCode::no_space,
            fmt::format("The disk of the work folder '{}' has {} MiB free, and the next step needs {} MiB. Free some "
                        "space and run it again; it goes on where it stopped.",
                        blobs_.place(), free >> 20, (needed >> 20) + 1),
            std::move(detail)};
  }

  Result<void> reserve_disk(const std::vector<Member>& members) {
    const auto needed = disk_needed(members);
    const auto free = VF_TRY(blobs_.free_bytes());
    if (free >= needed) return {};
    return std::unexpected(disk_full(free, needed));
  }

  // A stage only knows that its descriptor takes no more; which disk that is stands here.
  Error explained(Error error, const std::vector<Member>& members) {
    if (error.code != ErrorCode::no_space || error.message.contains(blobs_.place())) return error;
    const auto free = blobs_.free_bytes();
    return disk_full(free ? *free : 0, disk_needed(members), error.message);
  }

  Result<int> place_of(Wired& wired, const jobs::BlobRef& blob, const jobs::StageInput& from) {
    const auto known = wired.places.find(blob.sha256);
    if (known != wired.places.end()) return known->second;
    if (from.source.empty()) {
      wired.inputs.push_back(VF_TRY(blobs_.open(blob)));
      wired.request.fds.push_back(wired.inputs.back().get());
    } else {
      wired.request.fds.push_back(sources_.at(from.source).fd);
    }
    return wired.places[blob.sha256] = static_cast<int>(wired.request.fds.size());
  }

  Result<WireMember> wire_member(Wired& wired, const Member& member) {
    WireMember wire{member.stage->params, {}, {}};
    for (std::size_t i = 0; i < member.inputs.size(); ++i) {
      WireInput input{member.inputs[i].result, {}};
      for (const auto& blob : member.inputs[i].blobs)
        input.fds.push_back(VF_TRY(place_of(wired, blob, member.stage->inputs[i])));
      wire.inputs.push_back(std::move(input));
    }
    auto& outputs = wired.outputs.emplace_back();
    for (int o = 0; o < member.stage->outputs; ++o) {
      outputs.push_back(VF_TRY(blobs_.stage()));
      wired.request.fds.push_back(outputs.back()->fd());
      wire.outputs.push_back(static_cast<int>(wired.request.fds.size()));
    }
    return wire;
  }

  Result<void> execute_members(const std::vector<Member>& members) {
    VF_CHECK(reserve_disk(members));
    Wired wired;
    Nodes nodes;
    wired.request.limits = limits_for(members);
    wired.request.wire.kind = members.front().stage->kind;
    for (const auto& member : members) {
      wired.request.wire.members.push_back(VF_TRY(wire_member(wired, member)));
      nodes.push_back(member.node);
    }
    auto outcome = execute(nursery_, wired.request, [&](double fraction) { tell(nodes, fraction); }, stop_.get_token());
    if (!outcome.results) return std::unexpected(std::move(outcome.results).error());
    std::vector<jobs::StageOutput> standing;
    const auto usage_of = [&](std::size_t m) { return m == 0 ? outcome.usage : jobs::StageUsage{}; };
    for (std::size_t m = 0; m < members.size(); ++m)
      standing.push_back(VF_TRY(commit(members[m], std::move((*outcome.results)[m]), wired.outputs[m], usage_of(m))));
    // Only now: a stage that is finished must not be tried again because its neighbour failed.
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto& stage = *members[m].stage;
      finish(members[m].node, std::move(standing[m]),
             {stage.id, stage.kind, false, attempts_of({members[m]}), usage_of(m)});
    }
    return {};
  }

  Result<jobs::StageOutput> commit(const Member& member, json::value result,
                                   std::vector<std::unique_ptr<blob::Staged>>& outputs, const jobs::StageUsage& usage) {
    store::Checkpoint checkpoint{member.key, member.stage->kind, {std::move(result), {}}, usage};
    for (auto& staged : outputs) checkpoint.output.blobs.push_back(VF_TRY(blobs_.commit(std::move(staged))));
    auto standing = VF_TRY(checkpoints_.commit(checkpoint));
    return std::move(standing.output);
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

  blob::BlobStore& blobs_;
  store::CheckpointStore& checkpoints_;
  media::Nursery& nursery_;
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
