// Code that uses too much of something is killed at its cap, and the error names the cap.
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "media/sandbox/planted.h"

namespace planted {
namespace {

using How = vf::media::ChildExit::How;
using testing::HasSubstr;
using testing::StartsWith;

int memory(const Call& call) {
  for (std::size_t held = 0; held < (std::size_t{8} << 30); held += 1 << 20) {
    auto* piece = static_cast<char*>(::malloc(1 << 20));
    if (!piece) break;
    for (int i = 0; i < (1 << 20); i += 4096) static_cast<volatile char*>(piece)[i] = 1;
  }
  call.say("all of it");
  return 0;
}

int disk(const Call& call) {
  const std::string block(1 << 20, 'x');
  while (vf::write_all(call.fds.at(0), block)) {
  }
  call.say("still here");
  return 0;
}

// Each file stays below the cap; together they pass it.
int disks(const Call& call) {
  const std::string block(1 << 20, 'x');
  for (const int fd : call.fds)
    for (int i = 0; i < 10; ++i) (void)vf::write_all(fd, block);
  std::this_thread::sleep_for(10s);
  return 0;
}

// Blocks and handles whatever it can, and goes on counting.
int cpu(const Call&) {
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
  for (volatile std::uint64_t i = 0;; i = i + 1) {
  }
}

int hang(const Call& call) {
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
  call.say("hanging");
  while (true) std::this_thread::sleep_for(1h);
}

int thread_bomb(const Call&) {
  try {
    while (true) std::thread([] { std::this_thread::sleep_for(1h); }).detach();
  } catch (const std::exception&) {
  }
  std::this_thread::sleep_for(1h);
  return 0;
}

int long_line(const Call& call) {
  const std::string block(1 << 20, '\xff');
  for (int i = 0; i < 100; ++i) (void)vf::write_all(call.control, block);
  return 0;
}

int many_lines(const Call& call) {
  const std::string block(1 << 20, '\n');
  for (int i = 0; i < 100; ++i) (void)vf::write_all(call.control, block);
  return 0;
}

int much_text(const Call& call) {
  const std::string block = std::string(99, '\0') + "\n";
  for (int i = 0; i < 1'000'000; ++i) (void)vf::write_all(call.control, block);
  return 0;
}

int noisy(const Call&) {
  const std::string block(1 << 20, 'e');
  for (int i = 0; i < 100; ++i) (void)vf::write_all(STDERR_FILENO, block);
  return 0;
}

int crash(const Call& call) {
  (void)vf::write_all(STDERR_FILENO, "last words \x1b[31m\n");
  if (call.argument == "abort") ::abort();
  *static_cast<volatile int*>(nullptr) = 1;
  return 0;
}

constexpr Entry kEntries[] = {
    {"memory", memory},       {"disk", disk},           {"disks", disks},         {"cpu", cpu},
    {"hang", hang},           {"threads", thread_bomb}, {"long_line", long_line}, {"many_lines", many_lines},
    {"much_text", much_text}, {"noisy", noisy},         {"crash", crash}};

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::span<const Entry> entries() { return kEntries; }

TEST(Caps, Memory) {
  auto limits = small_limits();
  limits.memory_bytes = 256 << 20;
  const auto out = run("memory", limits);
  EXPECT_EQ(out.exit.how, How::over_memory);
  EXPECT_LT(out.exit.peak_rss_bytes, 640 << 20);
  EXPECT_TRUE(out.lines.empty());
  const auto error = vf::media::error_from(out.exit, limits);
  EXPECT_EQ(error.code, vf::ErrorCode::limit_exceeded);
  EXPECT_THAT(error.message, HasSubstr("256 MiB"));
  RecordProperty("peak_bytes", std::to_string(out.exit.peak_rss_bytes));
}

TEST(Caps, DiskOfOneFile) {
  const auto file = memory_file("");
  const auto out = run("disk", small_limits(), {file.get()});
  EXPECT_EQ(out.exit.how, How::over_output);
  EXPECT_EQ(vf::file_size(file.get()).value(), 16 << 20);
  const auto error = vf::media::error_from(out.exit, small_limits());
  EXPECT_EQ(error.code, vf::ErrorCode::limit_exceeded);
  EXPECT_THAT(error.message, HasSubstr("16 MiB"));
}

TEST(Caps, DiskOfSeveralFiles) {
  const auto a = memory_file("");
  const auto b = memory_file("");
  const auto out = run("disks", small_limits(), {a.get(), b.get()});
  EXPECT_EQ(out.exit.how, How::over_output);
  EXPECT_LT(out.exit.wall_seconds, 5);
}

TEST(Caps, ProcessorTime) {
  auto limits = small_limits();
  limits.cpu_seconds = 0.5;
  const auto out = run("cpu", limits);
  EXPECT_EQ(out.exit.how, How::over_cpu);
  EXPECT_LT(out.exit.cpu_seconds, 1.1);
  EXPECT_THAT(vf::media::error_from(out.exit, limits).message, HasSubstr("0.5 s"));
}

TEST(Caps, WallTime) {
  auto limits = small_limits();
  limits.wall_seconds = 0.4;
  const auto out = run("hang", limits);
  EXPECT_EQ(out.exit.how, How::over_wall);
  EXPECT_LT(out.exit.wall_seconds, 1.4);
  EXPECT_THAT(vf::media::error_from(out.exit, limits).message, HasSubstr("0.4 s"));
}

TEST(Caps, Threads) {
  auto limits = small_limits();
  limits.max_threads = 32;
  limits.wall_seconds = 10;
  const auto out = run("threads", limits);
  EXPECT_EQ(out.exit.how, How::over_threads);
  EXPECT_EQ(vf::media::error_from(out.exit, limits).code, vf::ErrorCode::limit_exceeded);
}

TEST(Caps, ControlChannel) {
  auto limits = small_limits();
  limits.control_total_bytes = 32 << 20;
  for (const auto* flood : {"long_line", "many_lines", "much_text", "noisy"}) {
    const auto out = run(flood, limits);
    EXPECT_EQ(out.exit.how, How::protocol_error) << flood;
    EXPECT_LE(out.lines.size(), 400'000U) << flood;
    EXPECT_LE(out.exit.stderr_tail.size(), 16U << 10) << flood;
    EXPECT_EQ(vf::media::error_from(out.exit, limits).code, vf::ErrorCode::invalid_input) << flood;
  }
}

TEST(Caps, Cancellation) {
  std::stop_source source;
  std::jthread later([&] {
    std::this_thread::sleep_for(300ms);
    source.request_stop();
  });
  Outcome out;
  EXPECT_LT(seconds_of([&] { out = run("hang", small_limits(), {}, source.get_token()); }), 0.8);
  EXPECT_EQ(out.exit.how, How::cancelled);
  EXPECT_THAT(out.lines, testing::ElementsAre("hanging"));
  EXPECT_EQ(vf::media::error_from(out.exit, small_limits()).code, vf::ErrorCode::cancelled);
}

TEST(Caps, CrashIsAnErrorOfTheFile) {
  for (const auto* how : {"crash now", "crash abort"}) {
    const auto out = run(how);
    EXPECT_EQ(out.exit.how, How::signalled) << how;
    EXPECT_THAT(out.exit.stderr_tail, StartsWith("last words ?[31m"));
    const auto error = vf::media::error_from(out.exit, small_limits());
    EXPECT_EQ(error.code, vf::ErrorCode::invalid_input);
    EXPECT_THAT(error.message, StartsWith("The decoder crashed on this file"));
  }
}

TEST(Caps, MustBePositive) {
  auto limits = small_limits();
  limits.memory_bytes = 0;
  const auto child = start("hang", limits);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, vf::ErrorCode::invalid_argument);
}

}  // namespace planted

int main(int argc, char** argv) { return planted::test_main(argc, argv); }
