// Probes a file again and again in one process and prints the median: what probing costs where it does
// not pay for a process. bench/cases/probe.toml compares it with ffprobe.
#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/probe/probe.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FILE\n", argv[0]);
    return 2;
  }
  constexpr int kRuns = 21;
  std::vector<double> seconds;
  std::int64_t frames = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const auto fd = vf::open_for_read(argv[1]);
    const auto result = fd ? vf::media::probe(fd->get()) : std::unexpected(fd.error());
    if (!result) {
      fmt::print(stderr, "{}\n", result.error().message);
      return 3;
    }
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const auto* video = result->info.main_video();
    frames = video && video->video ? video->video->frames : 0;
  }
  std::ranges::nth_element(seconds, seconds.begin() + kRuns / 2);
  fmt::print("{{\"seconds\": {:.6f}, \"runs\": {}, \"frames\": {}}}\n", seconds[kRuns / 2], kRuns, frames);
}
