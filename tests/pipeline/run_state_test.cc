#include "pipeline/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vf::pipeline {
namespace {

jobs::Stage stage(const std::string& id, std::vector<std::string> after = {}, const std::string& group = "") {
  jobs::Stage out;
  out.id = id;
  out.kind = id.substr(0, id.find('/'));
  out.group = group;
  for (const auto& before : after) out.inputs.push_back({"", before, {}});
  return out;
}

std::vector<std::string> names(const RunState& state, const std::vector<std::size_t>& nodes) {
  std::vector<std::string> out;
  for (const auto node : nodes) out.push_back(state.stage(node).id);
  return out;
}

void finish(RunState& state, const std::vector<std::size_t>& nodes, bool reused = false) {
  for (const auto node : nodes) state.finish(node, {}, {state.stage(node).id, state.stage(node).kind, reused, 1, {}});
}

constexpr std::int64_t kPlenty = 1LL << 40;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(RunState, AStageWaitsForItsInputs) {
  RunState state;
  ASSERT_TRUE(state.add({stage("encode"), stage("verify", {"encode"})}, {}));
  const auto first = state.take(kPlenty);
  EXPECT_THAT(names(state, first), ElementsAre("encode"));
  EXPECT_THAT(state.take(kPlenty), IsEmpty());
  finish(state, first);
  const auto second = state.take(kPlenty);
  EXPECT_THAT(names(state, second), ElementsAre("verify"));
  finish(state, second);
  EXPECT_TRUE(state.all_done());
}

TEST(RunState, AGroupRunsTogetherAndOthersApart) {
  RunState state;
  ASSERT_TRUE(
      state.add({stage("encode/0/a", {}, "0"), stage("encode/1/a", {}, "1"), stage("encode/0/b", {}, "0")}, {}));
  EXPECT_THAT(names(state, state.take(kPlenty)), ElementsAre("encode/0/a", "encode/0/b"));
  EXPECT_THAT(names(state, state.take(kPlenty)), ElementsAre("encode/1/a"));
}

TEST(RunState, PriorityComesFirstThenTheCostlier) {
  RunState state;
  auto cheap = stage("cheap");
  auto dear = stage("dear");
  auto urgent = stage("urgent");
  cheap.cost.cpu_seconds = 1;
  dear.cost.cpu_seconds = 9;
  urgent.cost.cpu_seconds = 0.1;
  urgent.priority = 5;
  ASSERT_TRUE(state.add({cheap, dear, urgent}, {}));
  EXPECT_THAT(names(state, state.take(kPlenty)), ElementsAre("urgent"));
  EXPECT_THAT(names(state, state.take(kPlenty)), ElementsAre("dear"));
}

TEST(RunState, MemoryIsSharedButALargeStageStillRunsAlone) {
  RunState state;
  auto a = stage("a");
  auto b = stage("b");
  a.cost.memory_bytes = b.cost.memory_bytes = 600;
  ASSERT_TRUE(state.add({a, b}, {}));
  const auto first = state.take(1000);
  EXPECT_THAT(first, testing::SizeIs(1));
  EXPECT_THAT(state.take(1000), IsEmpty()) << "both together do not fit";
  finish(state, first);
  EXPECT_THAT(state.take(100), testing::SizeIs(1)) << "nothing else runs";
}

TEST(RunState, ProgressCountsPredictedWorkAndLeavesReusedOut) {
  RunState state;
  auto encode = stage("encode");
  auto old = stage("old");
  encode.cost.cpu_seconds = 8;
  old.cost.cpu_seconds = 100;
  ASSERT_TRUE(state.add({old, encode}, {}));
  finish(state, state.take(kPlenty), true);
  const auto running = state.take(kPlenty);
  state.progress(running, 0.25);
  EXPECT_DOUBLE_EQ(state.snapshot().fraction, 0.25);
  state.progress(running, 0.1);
  EXPECT_DOUBLE_EQ(state.snapshot().fraction, 0.25) << "never backwards";
}

TEST(RunState, APlanThatCannotRunIsRefused) {
  RunState state;
  EXPECT_FALSE(RunState().add({stage("a"), stage("a")}, {}));
  EXPECT_FALSE(RunState().add({stage("a", {"nobody"})}, {}));
  auto reads = stage("a");
  reads.inputs = {{"video", "", {}}};
  EXPECT_FALSE(RunState().add({reads}, {}));
}

}  // namespace
}  // namespace vf::pipeline
