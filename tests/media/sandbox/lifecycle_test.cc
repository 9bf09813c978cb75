// Children live exactly as long as they should, whoever dies first; and they start fast.
#include <algorithm>
#include <csignal>
#include <latch>
#include <thread>

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "media/sandbox/planted.h"

namespace planted {
namespace {

using How = vf::media::ChildExit::How;
using Clock = std::chrono::steady_clock;

int hang(const Call& call) {
  call.say("hanging");
  while (true) std::this_thread::sleep_for(1h);
}

int echo(const Call& call) {
  std::string all;
  for (const int fd : call.fds) all += vf::read_whole(fd, 1 << 20).value_or("?") + ";";
  call.say(call.argument + " " + all);
  return 0;
}

int nap(const Call& call) {
  std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(call.argument)));
  call.say("rested");
  return 0;
}

constexpr Entry kEntries[] = {{"hang", hang}, {"echo", echo}, {"nap", nap}};

// A worker process of this same program: it spawns three children that hang, names them on stdout once
// they do, and waits to be killed.
int worker_main() {
  std::latch hanging(3);
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 3; ++i) {
    auto child = start("hang");
    if (!child) return 1;
    fmt::print("{}\n", child->pid());
    waiting.emplace_back(
        [&, own = std::move(*child)]() mutable { (void)own.wait([&](std::string_view) { hanging.count_down(); }); });
  }
  hanging.wait();
  fmt::print("{}\n", nursery().pid());
  std::fflush(stdout);
  while (true) ::pause();
}

struct Worker {
  pid_t pid = -1;
  std::vector<pid_t> children;  // and, last, the nursery
};

Worker start_worker() {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  vf::UniqueFd out(ends[0]);
  vf::UniqueFd in(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
  char name[] = "worker";
  char flag[] = "--worker";
  char* arguments[] = {name, flag, nullptr};
  Worker worker;
  EXPECT_EQ(::posix_spawn(&worker.pid, "/proc/self/exe", &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  in.reset();
  std::string text;
  char byte = 0;
  while (std::ranges::count(text, '\n') < 4 && ::read(out.get(), &byte, 1) == 1) text += byte;
  std::size_t at = 0;
  while (at < text.size()) {
    worker.children.push_back(static_cast<pid_t>(std::stol(text.substr(at))));
    at = text.find('\n', at) + 1;
  }
  return worker;
}

// Orphans come to this process (it is their subreaper), so that their end is seen without a race.
bool reaped_within(pid_t pid, Clock::duration patience, int* status) {
  const auto start = Clock::now();
  while (Clock::now() - start < patience) {
    if (::waitpid(pid, status, WNOHANG | __WALL) == pid) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace

std::span<const Entry> entries() { return kEntries; }

TEST(Lifecycle, KillOfTheWorkerKillsItsChildrenWithinASecond) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  for (int round = 0; round < 5; ++round) {
    const auto worker = start_worker();
    ASSERT_EQ(worker.children.size(), 4U);
    for (const pid_t pid : worker.children) ASSERT_EQ(::kill(pid, 0), 0);
    const auto killed = Clock::now();
    ::kill(worker.pid, SIGKILL);
    int status = 0;
    ASSERT_TRUE(reaped_within(worker.pid, 1s, &status));
    for (const pid_t pid : worker.children) {
      ASSERT_TRUE(reaped_within(pid, 1s, &status)) << pid;
      // The nursery may also see the end of its socket first and leave by itself.
      EXPECT_TRUE(pid == worker.children.back() || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    }
    EXPECT_LT(Clock::now() - killed, 1s);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST(Lifecycle, EndOfTheThreadThatSpawnedDoesNotKill) {
  std::optional<vf::media::Child> child;
  std::thread([&] { child.emplace(start("nap 300").value()); }).join();
  std::vector<std::string> lines;
  const auto exit = child->wait([&](std::string_view line) { lines.emplace_back(line); });
  EXPECT_TRUE(exit.clean());
  EXPECT_THAT(lines, testing::ElementsAre("rested"));
}

TEST(Lifecycle, ChildOutlivesTheNurseryObject) {
  std::optional<vf::media::Child> child;
  {
    auto own = vf::media::Nursery::create();
    ASSERT_TRUE(own);
    const auto request = memory_file("nap 200");
    child.emplace(own->spawn({small_limits(), {request.get()}}).value());
  }
  EXPECT_TRUE(child->wait({}).clean());
}

TEST(Lifecycle, DroppedChildIsKilled) {
  pid_t pid = -1;
  {
    const auto child = start("hang");
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(Lifecycle, DeadNurseryIsReplacedAndItsChildrenLiveOn) {
  auto child = start("nap 300");
  ASSERT_TRUE(child);
  const pid_t before = nursery().pid();
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  const auto out = run("echo again");
  EXPECT_TRUE(out.exit.clean());
  EXPECT_THAT(out.lines, testing::ElementsAre("again "));
  EXPECT_NE(nursery().pid(), before);
  EXPECT_TRUE(child->wait({}).clean());
}

TEST(Lifecycle, ProgramThatIsNoNurseryIsAnError) {
  auto wrong = vf::media::Nursery::create({"/bin/true", {"true"}});
  ASSERT_TRUE(wrong);
  const auto child = wrong->spawn({small_limits(), {}});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, vf::ErrorCode::unavailable);
  EXPECT_FALSE(vf::media::Nursery::create({"/nowhere", {"nowhere"}}));
}

TEST(Lifecycle, FiftyAtOnce) {
  std::vector<std::string> said(50);
  {
    std::latch together(50);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i)
      threads.emplace_back([&, i] {
        together.arrive_and_wait();
        const auto file = memory_file(std::to_string(i * i));
        const auto out = run(fmt::format("echo {}", i), small_limits(), {file.get()});
        if (out.exit.clean() && out.lines.size() == 1) said[static_cast<std::size_t>(i)] = out.lines[0];
      });
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(said[static_cast<std::size_t>(i)], fmt::format("{} {};", i, i * i));
}

// A film's parts: more descriptors than one message carries, in order, none lost.
TEST(Lifecycle, ManyDescriptors) {
  std::vector<vf::UniqueFd> files;
  std::vector<int> fds;
  std::string expected = "all ";
  for (int i = 0; i < 700; ++i) {
    files.push_back(memory_file(std::to_string(i)));
    fds.push_back(files.back().get());
    expected += std::to_string(i) + ";";
  }
  const auto out = run("echo all", small_limits(), fds);
  EXPECT_TRUE(out.exit.clean()) << out.exit.stderr_tail;
  EXPECT_THAT(out.lines, testing::ElementsAre(expected.substr(0, 500)));
}

TEST(Lifecycle, StartsInMilliseconds) {
  (void)run("echo warm");
  std::vector<double> milliseconds;
  for (int i = 0; i < 100; ++i) {
    const auto begin = Clock::now();
    EXPECT_TRUE(run("echo x").exit.clean());
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::ranges::sort(milliseconds);
  fmt::print("spawn, run, reap: median {:.2f} ms, 95th percentile {:.2f} ms\n", milliseconds[50], milliseconds[95]);
  EXPECT_LT(milliseconds[50], 50) << "far beyond the 5 ms a quiet machine needs";
}

}  // namespace planted

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--worker") return planted::worker_main();
  return planted::test_main(argc, argv);
}
