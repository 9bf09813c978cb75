// One execution, from the stages of a group to their checkpoints: what is known is reused, the rest runs in
// one sandboxed child. Shared by the Runner of the command line and the platform's workers.
//
// Thread-safe as far as its parts are: several threads may execute different groups at once.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "blob/blob_store.h"
#include "jobs/plan.h"
#include "media/sandbox/child.h"
#include "store/checkpoint_store.h"

namespace vf::pipeline {

// A file that a plan reads but that is not a blob of ours: opened by the caller, who keeps it open.
struct Source {
  jobs::BlobRef blob;
  int fd = -1;
};

// A stage with what its inputs left; a source stands as an output without a result.
struct ExecutorMember {
  const jobs::Stage* stage;  // the caller keeps it
  std::vector<jobs::StageOutput> inputs;
  std::string key = {};  // set by the executor
};

struct Executed {
  jobs::StageOutput output;
  jobs::StageUsage usage;  // of the whole execution at its first member
};

// What a stage's inputs hold, in their order: `output_of` gives an earlier stage's output.
std::vector<jobs::StageOutput> gather_inputs(
    const jobs::Stage& stage, const std::map<std::string, Source>& sources,
    const std::function<const jobs::StageOutput&(const std::string&)>& output_of);

class StageExecutor {
 public:
  // `scope`: see jobs::stage_key. `unhurried_nice`: how much nicer stages run that nobody waits for (kAwaitedPriority).
  StageExecutor(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, media::Nursery& nursery, std::string scope,
                int unhurried_nice = 0)
      : blobs_(blobs),
        checkpoints_(checkpoints),
        nursery_(nursery),
        scope_(std::move(scope)),
        unhurried_nice_(unhurried_nice) {}

  // Sets the member's key; gives the output of its checkpoint where one stands with all its bytes.
  Result<std::optional<jobs::StageOutput>> find(ExecutorMember& member);

  // Members of one kind, keys set, none known. All are committed or none is finished. Errors: what the stage
  // says; no_space where the disk has no room for what they expect to write; cancelled.
  Result<std::vector<Executed>> execute(const std::vector<ExecutorMember>& members,
                                        const std::map<std::string, Source>& sources,
                                        const std::function<void(double)>& on_progress, std::stop_token stop);

 private:
  struct Wired;
  Result<bool> intact(const store::Checkpoint& checkpoint);
  Result<void> reserve_disk(const std::vector<ExecutorMember>& members);
  Error disk_full(std::int64_t free, std::int64_t needed, std::string detail = {});
  Error explained(Error error, const std::vector<ExecutorMember>& members);
  Result<int> place_of(Wired& wired, const jobs::BlobRef& blob, const Source* source);
  Result<void> wire_member(Wired& wired, const ExecutorMember& member, const std::map<std::string, Source>& sources);
  Result<Executed> commit(const ExecutorMember& member, json::value result,
                          std::vector<std::unique_ptr<blob::Staged>>& outputs, const jobs::StageUsage& usage);

  blob::BlobStore& blobs_;
  store::CheckpointStore& checkpoints_;
  media::Nursery& nursery_;
  std::string scope_;
  int unhurried_nice_;
};

}  // namespace vf::pipeline
