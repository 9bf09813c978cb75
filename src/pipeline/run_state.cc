#include "pipeline/run_state.h"

#include <algorithm>
#include <tuple>

namespace vf::pipeline {

Result<void> RunState::add(std::vector<jobs::Stage> stages, const std::map<std::string, Source>& sources) {
  const auto first = nodes_.size();
  for (auto& stage : stages) {
    if (!by_id_.emplace(stage.id, nodes_.size()).second)
      return fail(ErrorCode::internal, fmt::format("The plan names the stage '{}' twice.", stage.id));
    nodes_.push_back({.stage = std::move(stage)});
  }
  for (auto i = first; i < nodes_.size(); ++i) {
    for (const auto& input : nodes_[i].stage.inputs) {
      if (!input.source.empty()) {
        if (!sources.contains(input.source))
          return fail(ErrorCode::internal, fmt::format("The plan reads '{}', which was not given.", input.source));
        continue;
      }
      const auto found = by_id_.find(input.stage);
      if (found == by_id_.end())
        return fail(ErrorCode::internal, fmt::format("The stage '{}' waits for '{}', which is not in the plan.",
                                                     nodes_[i].stage.id, input.stage));
      auto& before = nodes_[found->second];
      if (before.status == Status::done) continue;
      before.dependents.push_back(i);
      ++nodes_[i].waits_for;
    }
    if (nodes_[i].waits_for == 0) nodes_[i].status = Status::ready;
  }
  return {};
}

std::vector<std::size_t> RunState::take(std::int64_t memory_budget) {
  std::optional<std::size_t> best;
  const auto rank = [&](std::size_t i) {
    return std::tuple(nodes_[i].stage.priority, nodes_[i].stage.cost.cpu_seconds);
  };
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].status == Status::ready && (!best || rank(i) > rank(*best))) best = i;
  if (!best) return {};

  std::vector<std::size_t> group;
  std::int64_t memory = 0;
  const auto& lead = nodes_[*best].stage;
  for (std::size_t i = *best; i < nodes_.size(); ++i) {
    const auto& node = nodes_[i];
    const bool together = !lead.group.empty() && node.stage.group == lead.group && node.stage.kind == lead.kind;
    if (node.status != Status::ready || (i != *best && !together)) continue;
    group.push_back(i);
    memory += node.stage.cost.memory_bytes;
  }
  // A stage larger than the whole budget still runs, alone.
  if (running_ > 0 && memory_in_use_ + memory > memory_budget) return {};
  for (const auto i : group) {
    nodes_[i].status = Status::running;
    ++nodes_[i].attempts;
    ++running_;
  }
  memory_in_use_ += memory;
  return group;
}

void RunState::progress(const std::vector<std::size_t>& nodes, double fraction) {
  for (const auto i : nodes) nodes_[i].fraction = std::max(nodes_[i].fraction, fraction);
  if (!nodes.empty()) last_stage_ = nodes_[nodes.front()].stage.id;
}

void RunState::finish(std::size_t i, jobs::StageOutput output, StageRecord record) {
  auto& node = nodes_[i];
  node.status = Status::done;
  node.reused = record.reused;
  node.output = std::move(output);
  node.record = std::move(record);
  node.fraction = 1;
  last_stage_ = node.stage.id;
  ++done_;
  --running_;
  memory_in_use_ -= node.stage.cost.memory_bytes;
  for (const auto next : node.dependents)
    if (--nodes_[next].waits_for == 0) nodes_[next].status = Status::ready;
}

Progress RunState::snapshot() const {
  Progress p;
  for (const auto& node : nodes_) {
    ++p.stages_total;
    if (node.status == Status::done) ++p.stages_done;
    if (node.reused) continue;
    p.total_seconds += node.stage.cost.cpu_seconds;
    p.done_seconds += node.stage.cost.cpu_seconds * node.fraction;
  }
  p.fraction = p.total_seconds > 0 ? p.done_seconds / p.total_seconds : (all_done() ? 1.0 : 0.0);
  p.stage = last_stage_;
  return p;
}

RunReport RunState::report() && {
  RunReport report;
  for (auto& node : nodes_) {
    if (node.output) report.outputs.emplace(node.stage.id, std::move(*node.output));
    if (node.record) report.stages.push_back(std::move(*node.record));
  }
  return report;
}

}  // namespace vf::pipeline
