// Runs a plan: leases ready stages to workers, skips those whose key is known, commits the rest.
//
// Stages of one group that are ready together and unknown share one execution. Concurrency follows
// resources (workers, memory), not the count of stages. Nothing here knows what a stage means.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/stage_executor.h"

namespace vf::pipeline {

struct RunnerOptions {
  int workers = 2;                        // executions at a time
  std::int64_t memory_bytes = 4LL << 30;  // for all running executions together, by their estimates
  int max_attempts = 3;                   // of a stage, for errors that may pass
  std::string scope;                      // see jobs::stage_key
};

// How one stage ended; told to the observer and kept for the report.
struct StageRecord {
  std::string id;
  std::string kind;
  bool reused = false;
  int attempts = 0;
  jobs::StageUsage usage;  // a group's usage stands at its first member
};
BOOST_DESCRIBE_STRUCT(StageRecord, (), (id, kind, reused, attempts, usage))

struct Progress {
  double fraction = 0;       // of the predicted work, 0 to 1
  double done_seconds = 0;   // predicted CPU seconds finished, reused ones left out
  double total_seconds = 0;  // predicted CPU seconds in all, reused ones left out
  int stages_done = 0;
  int stages_total = 0;
  std::string stage;  // id of the one that reported last
};

struct RunReport {
  std::map<std::string, jobs::StageOutput> outputs;  // by stage id
  std::vector<StageRecord> stages;
};

class Runner {
 public:
  using Observe = std::function<void(const Progress&)>;

  Runner(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, media::Nursery& nursery, RunnerOptions options)
      : blobs_(blobs), checkpoints_(checkpoints), nursery_(nursery), options_(std::move(options)) {}

  // Ends with the first error that does not pass; running stages are stopped then. What was
  // committed stays: the same plan goes on where this one stopped. `observe` is called from worker
  // threads, one call at a time.
  Result<RunReport> run(jobs::Plan plan, const std::map<std::string, Source>& sources, std::stop_token stop,
                        const Observe& observe = {});

 private:
  blob::BlobStore& blobs_;
  store::CheckpointStore& checkpoints_;
  media::Nursery& nursery_;
  RunnerOptions options_;
};

}  // namespace vf::pipeline
