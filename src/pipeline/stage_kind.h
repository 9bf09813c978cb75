// The table of stage kinds: what a name in a plan means. One kind, one file in stages/.
//
// A kind's function runs inside the sandboxed child, on descriptors only: no file system, no network,
// no database. It gets one member per stage of a group; all members share one execution (one decode
// feeds several renditions), each has its own parameters, outputs and result.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vf::pipeline {

// Of stages that somebody waits for. They decode on two processors, which costs a little more and ends sooner.
inline constexpr int kAwaitedPriority = 60;

// One input of a member: the result of the stage it comes from (null for a source file), and the
// descriptors of the blobs asked for, in the order asked. A source has exactly one.
struct InputView {
  json::value result;
  std::vector<int> fds;
};

struct StageMember {
  json::value params;
  std::vector<InputView> inputs;
  std::vector<int> outputs;  // empty files, to be written from offset 0
};

struct StageCall {
  std::vector<StageMember> members;
  int decode_threads = 1;
  std::function<void(double)> progress;  // 0 to 1, of the whole execution
};

struct StageKind {
  std::string_view name;
  // Changes whenever the same parameters and inputs would give other bytes; names the encoder
  // libraries where they decide.
  std::string (*version)();
  // One result per member, in order.
  Result<std::vector<json::value>> (*run)(const StageCall& call);
};

std::span<const StageKind> stage_kinds();

// The kind of that name, or nullptr.
const StageKind* find_stage_kind(std::string_view name);

}  // namespace vf::pipeline
