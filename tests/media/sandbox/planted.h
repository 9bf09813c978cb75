// Planted code: what a hostile file would run if it took over the decoder. A test names one of the
// entries of its table; the child runs it inside the real sandbox and says what came of it.
#pragma once

#include <chrono>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "media/sandbox/child.h"
#include "media/sandbox/nursery.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// Crashes are to be seen as they are, not as the sanitizer's report.
extern "C" const char* __asan_default_options() { return "handle_segv=0:handle_abort=0:allocator_may_return_null=1"; }
#endif
#endif

namespace planted {

using namespace std::chrono_literals;

struct Call {
  int control;
  std::vector<int> fds;  // without the request
  std::string argument;
  void say(std::string_view line) const { (void)vf::write_all(control, std::string(line) + "\n"); }
  // How an attempt ended, as a line: "denied: EPERM", or "ALLOWED".
  void attempt(std::string_view what, bool failed) const {
    const int error = errno;
    say(std::string(what) + (failed ? std::string(": denied ") + ::strerrorname_np(error) : ": ALLOWED"));
  }
};

struct Entry {
  std::string_view name;
  int (*run)(const Call& call);
};

// Each test program defines its own.
std::span<const Entry> entries();

inline int run_entry(int control, const std::vector<int>& fds) {
  const auto request = vf::read_whole(fds.at(0), 1 << 20);
  if (!request) return 90;
  const auto name = request->substr(0, request->find(' '));
  const auto argument = name.size() < request->size() ? request->substr(name.size() + 1) : std::string();
  for (const auto& entry : entries())
    if (entry.name == name) return entry.run(Call{control, {fds.begin() + 1, fds.end()}, argument});
  return 91;
}

// A memory file that holds `text`.
inline vf::UniqueFd memory_file(std::string_view text) {
  vf::UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(vf::write_all(fd.get(), text));
  return fd;
}

inline vf::media::Nursery& nursery() {
  static auto made = vf::media::Nursery::create();
  return made.value();
}

struct Outcome {
  vf::media::ChildExit exit;
  std::vector<std::string> lines;
  bool says(std::string_view text) const {
    for (const auto& line : lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
};

inline vf::media::Limits small_limits() {
  vf::media::Limits limits;
  limits.memory_bytes = 512 << 20;
  limits.cpu_seconds = 30;
  limits.wall_seconds = 30;
  limits.output_bytes = 16 << 20;
  return limits;
}

inline vf::Result<vf::media::Child> start(std::string_view request, const vf::media::Limits& limits = small_limits(),
                                          std::vector<int> fds = {}) {
  const auto file = memory_file(request);
  fds.insert(fds.begin(), file.get());
  return nursery().spawn({limits, fds});
}

inline Outcome run(std::string_view request, const vf::media::Limits& limits = small_limits(),
                   std::vector<int> fds = {}, std::stop_token stop = {}) {
  auto child = start(request, limits, std::move(fds));
  Outcome out;
  EXPECT_TRUE(child) << (child ? "" : child.error().message);
  if (!child) return out;
  out.exit = child->wait([&](std::string_view line) { out.lines.emplace_back(line.substr(0, 500)); }, std::move(stop));
  return out;
}

inline int test_main(int argc, char** argv) {
  if (vf::media::is_nursery(argc, argv)) return vf::media::run_nursery(argc, argv, &run_entry);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace planted
