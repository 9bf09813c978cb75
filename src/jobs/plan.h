// A job's plan as plain data: stages, what each reads and what it is expected to cost.
//
// A stage is a pure function (kind, version, parameters, inputs) -> (result, output blobs). The hash
// of the left side is its key; a finished stage is a checkpoint under that key and never runs again.
// See ARCHITECTURE.md, "The one idea".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace vf::jobs {

// Immutable bytes, named by their SHA-256.
struct BlobRef {
  std::string sha256;     // 64 lower-case hexadecimal digits
  std::int64_t size = 0;  // bytes
  friend bool operator==(const BlobRef&, const BlobRef&) = default;
};
BOOST_DESCRIBE_STRUCT(BlobRef, (), (sha256, size))

// What a stage reads: one of the job's source files, or an earlier stage. Of an earlier stage it gets
// the result (a small JSON value) and, where `blobs` says so, the bytes it wrote.
struct StageInput {
  std::string source;           // name of a source ("video", "watermark", ...); empty: `stage` is meant
  std::string stage;            // id of an earlier stage
  std::vector<int> blobs = {};  // which of that stage's output blobs are opened for this one
};
BOOST_DESCRIBE_STRUCT(StageInput, (), (source, stage, blobs))

// Expected use of the machine; for scheduling, progress and the dry run. Never part of a key.
struct StageCost {
  double cpu_seconds = 0.05;
  std::int64_t memory_bytes = 128 << 20;  // resident, at its peak
  std::int64_t output_bytes = 1 << 20;
};
BOOST_DESCRIBE_STRUCT(StageCost, (), (cpu_seconds, memory_bytes, output_bytes))

struct Stage {
  std::string id;     // unique in the plan, for people too: "encode/0003/1080p"
  std::string kind;   // names the function: "encode"
  std::string group;  // stages of one kind and group that are ready together share one execution
  json::value params;
  std::vector<StageInput> inputs;
  int outputs = 0;   // number of blobs it writes
  int priority = 0;  // higher first among ready ones
  StageCost cost;
};
BOOST_DESCRIBE_STRUCT(Stage, (), (id, kind, group, params, inputs, outputs, priority, cost))

struct Plan {
  std::vector<Stage> stages;
};
BOOST_DESCRIBE_STRUCT(Plan, (), (stages))

// A finished stage: its checkpoint.
struct StageOutput {
  json::value result;
  std::vector<BlobRef> blobs;
};
BOOST_DESCRIBE_STRUCT(StageOutput, (), (result, blobs))

// What an execution really used.
struct StageUsage {
  double cpu_seconds = 0;
  double wall_seconds = 0;
  std::int64_t peak_memory_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(StageUsage, (), (cpu_seconds, wall_seconds, peak_memory_bytes))

// The key of a stage: SHA-256 over kind, version, parameters and what its inputs hold. `scope`
// separates owners, so that a cache tells nobody what others have (empty on the command line).
std::string stage_key(std::string_view scope, std::string_view kind, std::string_view version,
                      const json::value& params, const std::vector<StageOutput>& inputs);

}  // namespace vf::jobs
