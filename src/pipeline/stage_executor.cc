#include "pipeline/stage_executor.h"

#include <algorithm>

#include "pipeline/execution.h"
#include "pipeline/stage_kind.h"

namespace vf::pipeline {
namespace {

// Left free on the disk whatever a stage expects to write.
constexpr std::int64_t kDiskMargin = 64LL << 20;
constexpr std::int64_t kMinMemoryCap = 1LL << 30;

// Caps are generous multiples of the estimate: they stop a bomb, not a slow machine.
constexpr int kAwaitedThreads = 2;

media::Limits limits_for(const std::vector<ExecutorMember>& members) {
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

std::int64_t disk_needed(const std::vector<ExecutorMember>& members) {
  std::int64_t needed = kDiskMargin;
  for (const auto& member : members) needed += member.stage->outputs > 0 ? member.stage->cost.output_bytes : 0;
  return needed;
}

}  // namespace

// Everything one execution reads and writes, opened and numbered.
struct StageExecutor::Wired {
  ExecutionRequest request;
  std::vector<UniqueFd> inputs;
  std::vector<std::vector<std::unique_ptr<blob::Staged>>> outputs;  // by member
  std::map<std::string, int> places;                                // one descriptor a blob, however many read it
};

std::vector<jobs::StageOutput> gather_inputs(
    const jobs::Stage& stage, const std::map<std::string, Source>& sources,
    const std::function<const jobs::StageOutput&(const std::string&)>& output_of) {
  std::vector<jobs::StageOutput> out;
  for (const auto& input : stage.inputs) {
    if (!input.source.empty()) {
      out.push_back({nullptr, {sources.at(input.source).blob}});
      continue;
    }
    const auto& whole = output_of(input.stage);
    jobs::StageOutput part{whole.result, {}};
    for (const int i : input.blobs) part.blobs.push_back(whole.blobs.at(static_cast<std::size_t>(i)));
    out.push_back(std::move(part));
  }
  return out;
}

Result<std::optional<jobs::StageOutput>> StageExecutor::find(ExecutorMember& member) {
  const auto& stage = *member.stage;
  const auto* kind = find_stage_kind(stage.kind);
  if (!kind) return fail(ErrorCode::internal, fmt::format("Nobody knows a stage of the kind '{}'.", stage.kind));
  member.key = jobs::stage_key(scope_, stage.kind, kind->version(), stage.params, member.inputs);
  auto known = VF_TRY(checkpoints_.find(member.key));
  if (!known || !VF_TRY(intact(*known))) return std::nullopt;
  return std::optional(std::move(known->output));
}

// A checkpoint whose bytes are gone, cut or changed is forgotten and made again.
Result<bool> StageExecutor::intact(const store::Checkpoint& checkpoint) {
  for (const auto& blob : checkpoint.output.blobs)
    if (!VF_TRY(blobs_.intact(blob))) {
      VF_CHECK(checkpoints_.forget(checkpoint.key));
      return false;
    }
  return true;
}

Error StageExecutor::disk_full(std::int64_t free, std::int64_t needed, std::string detail) {
  return {ErrorCode::no_space,
          fmt::format("The disk of the work folder '{}' has {} MiB free, and the next step needs {} MiB. Free some "
                      "space and run it again; it goes on where it stopped.",
                      blobs_.place(), free >> 20, (needed >> 20) + 1),
          std::move(detail)};
}

Result<void> StageExecutor::reserve_disk(const std::vector<ExecutorMember>& members) {
  const auto needed = disk_needed(members);
  const auto free = VF_TRY(blobs_.free_bytes());
  if (free >= needed) return {};
  return std::unexpected(disk_full(free, needed));
}

// A stage only knows that its descriptor takes no more; which disk that is stands here.
Error StageExecutor::explained(Error error, const std::vector<ExecutorMember>& members) {
  if (error.code != ErrorCode::no_space || error.message.contains(blobs_.place())) return error;
  const auto free = blobs_.free_bytes();
  return disk_full(free ? *free : 0, disk_needed(members), error.message);
}

Result<int> StageExecutor::place_of(Wired& wired, const jobs::BlobRef& blob, const Source* source) {
  const auto known = wired.places.find(blob.sha256);
  if (known != wired.places.end()) return known->second;
  if (source) {
    wired.request.fds.push_back(source->fd);
  } else {
    wired.inputs.push_back(VF_TRY(blobs_.open(blob)));
    wired.request.fds.push_back(wired.inputs.back().get());
  }
  return wired.places[blob.sha256] = static_cast<int>(wired.request.fds.size());
}

Result<void> StageExecutor::wire_member(Wired& wired, const ExecutorMember& member,
                                        const std::map<std::string, Source>& sources) {
  WireMember wire{member.stage->params, {}, {}};
  for (std::size_t i = 0; i < member.inputs.size(); ++i) {
    WireInput input{member.inputs[i].result, {}};
    const auto& from = member.stage->inputs[i].source;
    for (const auto& blob : member.inputs[i].blobs)
      input.fds.push_back(VF_TRY(place_of(wired, blob, from.empty() ? nullptr : &sources.at(from))));
    wire.inputs.push_back(std::move(input));
  }
  auto& outputs = wired.outputs.emplace_back();
  for (int o = 0; o < member.stage->outputs; ++o) {
    outputs.push_back(VF_TRY(blobs_.stage()));
    wired.request.fds.push_back(outputs.back()->fd());
    wire.outputs.push_back(static_cast<int>(wired.request.fds.size()));
  }
  wired.request.wire.members.push_back(std::move(wire));
  return {};
}

Result<Executed> StageExecutor::commit(const ExecutorMember& member, json::value result,
                                       std::vector<std::unique_ptr<blob::Staged>>& outputs,
                                       const jobs::StageUsage& usage) {
  store::Checkpoint checkpoint{member.key, member.stage->kind, {std::move(result), {}}, usage};
  for (auto& staged : outputs) checkpoint.output.blobs.push_back(VF_TRY(blobs_.commit(std::move(staged))));
  auto standing = VF_TRY(checkpoints_.commit(checkpoint));
  return Executed{std::move(standing.output), usage};
}

Result<std::vector<Executed>> StageExecutor::execute(const std::vector<ExecutorMember>& members,
                                                     const std::map<std::string, Source>& sources,
                                                     const std::function<void(double)>& on_progress,
                                                     std::stop_token stop) {
  VF_CHECK(reserve_disk(members));
  Wired wired;
  wired.request.limits = limits_for(members);
  wired.request.wire.kind = members.front().stage->kind;
  const bool awaited = members.front().stage->priority >= kAwaitedPriority;
  if (awaited) wired.request.wire.decode_threads = kAwaitedThreads;
  if (!awaited) wired.request.limits.nice = unhurried_nice_;
  for (const auto& member : members) VF_CHECK(wire_member(wired, member, sources));
  auto outcome = pipeline::execute(nursery_, wired.request, on_progress, std::move(stop));
  if (!outcome.results) return std::unexpected(explained(std::move(outcome.results).error(), members));
  std::vector<Executed> out;
  for (std::size_t m = 0; m < members.size(); ++m) {
    auto done = commit(members[m], std::move((*outcome.results)[m]), wired.outputs[m],
                       m == 0 ? outcome.usage : jobs::StageUsage{});
    if (!done) return std::unexpected(explained(std::move(done).error(), members));
    out.push_back(std::move(*done));
  }
  return out;
}

}  // namespace vf::pipeline
