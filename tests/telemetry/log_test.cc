// Logs as operators rely on them: one JSON object a line, a new file each day and at a size, thirty days, errors
// once more apart.
#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "support/temp_folder.h"

namespace vf::telemetry {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class LogTest : public testing::Test {
 protected:
  LogTest() {
    options_.folder = folder_.path();
    options_.console = "none";
    options_.now = [this] { return now_; };
  }
  std::unique_ptr<Log> open() {
    auto log = Log::open(options_);
    EXPECT_TRUE(log);
    return std::move(*log);
  }
  std::vector<std::string> names() const {
    std::set<std::string> out;
    for (const auto& file : fs::directory_iterator(folder_.path())) out.insert(file.path().filename());
    return {out.begin(), out.end()};
  }
  std::vector<json::object> lines(const std::string& name) const {
    std::ifstream in(folder_.path() / name);
    std::vector<json::object> out;
    for (std::string line; std::getline(in, line);) {
      const auto value = parse_json(line);
      EXPECT_TRUE(value && value->is_object()) << line;
      if (value && value->is_object()) out.push_back(value->as_object());
    }
    return out;
  }
  void make(const std::string& name, std::chrono::hours age) {
    std::ofstream(folder_.path() / name) << "{}\n";
    fs::last_write_time(folder_.path() / name, fs::file_time_type::clock::now() - age);
  }

  test::TempFolder folder_;
  LogOptions options_;
  std::chrono::system_clock::time_point now_ = std::chrono::sys_days{2026y / 11 / 21} + 23h + 59min;
};

TEST_F(LogTest, ALineHoldsWhatIsAskedFor) {
  open()->write(Level::info, "auth", "Somebody \"signed\" in.\n", {{"correlationId", "c-1"}, {"seconds", 0.5}});
  const auto all = lines("videoforge-2026-11-21.log");
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].at("time"), "2026-11-21T23:59:00.000Z");
  EXPECT_EQ(all[0].at("level"), "info");
  EXPECT_EQ(all[0].at("category"), "auth");
  EXPECT_EQ(all[0].at("message"), "Somebody \"signed\" in.\n");
  EXPECT_EQ(all[0].at("correlationId"), "c-1");
}

TEST_F(LogTest, ADayBeginsAFile) {
  const auto log = open();
  log->info("system", "before midnight");
  now_ += 2min;
  log->info("system", "after midnight");
  EXPECT_EQ(lines("videoforge-2026-11-21.log").size(), 1);
  EXPECT_EQ(lines("videoforge-2026-11-22.log").size(), 1);
}

TEST_F(LogTest, ASizeBeginsAFile) {
  EXPECT_EQ(LogOptions().turn_bytes, 20 << 20);
  EXPECT_EQ(LogOptions().keep, 30 * 24h);
  options_.turn_bytes = 2000;
  const auto log = open();
  for (int i = 0; i < 100; ++i) log->info("system", "line " + std::to_string(i) + std::string(100, '.'));
  std::size_t all = 0;
  for (const auto& name : names()) {
    if (!name.starts_with("videoforge-")) continue;
    EXPECT_LE(fs::file_size(folder_.path() / name), 2000) << name;
    all += lines(name).size();
  }
  EXPECT_EQ(all, 100) << "no line is lost between files";
  EXPECT_GT(names().size(), 5);
}

TEST_F(LogTest, ARestartGoesOnInTheDaysLastFile) {
  options_.turn_bytes = 400;
  for (int i = 0; i < 3; ++i) open()->info("system", std::string(100, '.'));
  EXPECT_EQ(lines("videoforge-2026-11-21.log").size() + lines("videoforge-2026-11-21.1.log").size(), 3);
}

TEST_F(LogTest, ErrorsStandOnceMoreApart) {
  const auto log = open();
  log->info("job", "went well");
  log->write(Level::warning, "job", "might go badly");
  log->error("job", "went badly");
  EXPECT_EQ(lines("videoforge-2026-11-21.log").size(), 3);
  const auto errors = lines("error-2026-11-21.log");
  ASSERT_EQ(errors.size(), 1);
  EXPECT_EQ(errors[0].at("message"), "went badly");
}

TEST_F(LogTest, OldLogsGoAndOthersFilesStay) {
  for (const auto* name : {"videoforge-2026-10-01.log", "videoforge-2026-10-01.3.log", "error-2026-10-01.log"})
    make(name, 31 * 24h);
  make("videoforge-2026-10-30.log", 29 * 24h);
  make("nginx.log", 400 * 24h);
  make("videoforge-notes.log", 400 * 24h);
  const auto log = open();
  log->error("system", "begins");
  EXPECT_THAT(names(), ElementsAre("error-2026-11-21.log", "nginx.log", "videoforge-2026-10-30.log",
                                   "videoforge-2026-11-21.log", "videoforge-notes.log"));
}

TEST_F(LogTest, TheLevelIsTheLeast) {
  options_.level = Level::warning;
  const auto log = open();
  log->info("system", "not worth it");
  log->error("system", "worth it");
  EXPECT_EQ(lines("videoforge-2026-11-21.log").size(), 1);
}

}  // namespace
}  // namespace vf::telemetry
