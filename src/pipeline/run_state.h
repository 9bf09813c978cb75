// The bookkeeping of one run: which stage is blocked, ready, running or done. Internal to the Runner.
//
// Not thread-safe: the Runner holds its lock around every call. Pure data, so that the rules of
// scheduling are tested without a process or a disk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "pipeline/runner.h"

namespace vf::pipeline {

class RunState {
 public:
  // Takes the plan's stages, once. Errors: a name used twice, or an input that names no stage or source.
  Result<void> add(std::vector<jobs::Stage> stages, const std::map<std::string, Source>& sources);

  // The group to run next: the ready stage of the highest priority (the costlier first among equals,
  // so that the run does not end on one long stage) and the ready ones of its group. Empty when
  // nothing is ready or its memory does not fit beside what is running.
  std::vector<std::size_t> take(std::int64_t memory_budget);

  void progress(const std::vector<std::size_t>& nodes, double fraction);
  void finish(std::size_t node, jobs::StageOutput output, StageRecord record);

  bool all_done() const { return done_ == nodes_.size(); }
  bool idle() const { return running_ == 0; }
  // Stages do not change after add(): reading one needs no lock.
  const jobs::Stage& stage(std::size_t node) const { return nodes_[node].stage; }
  int attempts(std::size_t node) const { return nodes_[node].attempts; }
  const jobs::StageOutput& output_of(const std::string& id) const { return *nodes_[by_id_.at(id)].output; }
  Progress snapshot() const;
  RunReport report() &&;

 private:
  enum class Status { blocked, ready, running, done };
  struct Node {
    jobs::Stage stage;
    Status status = Status::blocked;
    int waits_for = 0;
    int attempts = 0;
    double fraction = 0;
    bool reused = false;
    std::optional<jobs::StageOutput> output;
    std::optional<StageRecord> record;
    std::vector<std::size_t> dependents;
  };

  std::vector<Node> nodes_;
  std::map<std::string, std::size_t> by_id_;
  std::size_t done_ = 0;
  std::size_t running_ = 0;
  std::int64_t memory_in_use_ = 0;
  std::string last_stage_;
};

}  // namespace vf::pipeline
