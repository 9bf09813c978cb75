// How well the Runner fills its workers: independent stages that each take the same fixed time (they
// sleep, so that more workers than processors can be judged), in real children of a real nursery, with
// real checkpoints. bench/cases/workers_*.toml compare N workers with one.
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "blob/fs/fs_blob_store.h"
#include "media/sandbox/nursery.h"
#include "pipeline/runner.h"
#include "pipeline/stage_protocol.h"
#include "store/sqlite/sqlite_checkpoint_store.h"

namespace {

using namespace vf;

constexpr int kStages = 32;
constexpr auto kStageTime = std::chrono::milliseconds(500);

// Stands where the real stages stand: the same protocol, another work.
int sleeping_stage(int control_fd, const std::vector<int>& fds) {
  const auto text = read_whole(fds.at(0), 1 << 20);
  const auto request = text ? from_json_text<pipeline::WireRequest>(*text) : std::unexpected(text.error());
  if (!request) return 1;
  std::this_thread::sleep_for(kStageTime);
  const std::vector<json::value> results(request->members.size(), json::object{});
  return write_all(control_fd, dump(to_json(pipeline::WireLine{{}, results, {}})) + "\n") ? 0 : 1;
}

jobs::Plan independent_stages() {
  jobs::Plan plan;
  for (int i = 0; i < kStages; ++i)
    plan.stages.push_back({.id = fmt::format("{:03}", i),
                           .kind = "stitch",
                           .group = {},
                           .params = json::object{{"number", i}},
                           .inputs = {},
                           .outputs = 0,
                           .priority = 0,
                           .cost = {0.1, 1 << 20, 0}});
  return plan;
}

Result<double> run_with(int workers, const std::filesystem::path& folder) {
  const auto blobs = VF_TRY(blob::open_fs_blob_store(folder));
  const auto checkpoints = VF_TRY(store::open_sqlite_checkpoint_store(folder / "checkpoints.db"));
  auto nursery = VF_TRY(media::Nursery::create({}));
  pipeline::Runner runner(*blobs, *checkpoints, nursery, {.workers = workers});
  const auto start = std::chrono::steady_clock::now();
  VF_TRY(runner.run(independent_stages(), {}, {}));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (media::is_nursery(argc, argv)) return media::run_nursery(argc, argv, &sleeping_stage);
  const std::string_view count = argc == 2 ? argv[1] : "";
  int workers = 0;
  std::from_chars(count.data(), count.data() + count.size(), workers);
  if (workers < 1) {
    fmt::print(stderr, "usage: {} WORKERS\n", argv[0]);
    return 2;
  }
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("videoforge-bench-{}", ::getpid());
  const auto seconds = run_with(workers, folder);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (!seconds) {
    fmt::print(stderr, "{} {}\n", seconds.error().message, seconds.error().detail);
    return 5;
  }
  fmt::print("{{\"seconds\": {:.4f}, \"workers\": {}, \"stages\": {}}}\n", *seconds, workers, kStages);
  return 0;
}
