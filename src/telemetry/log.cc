#include "telemetry/log.h"

#include <array>
#include <fstream>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/fd.h"

namespace vf::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::array kLevelNames{"debug", "info", "warning", "error"};

std::string day_of(std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string time_of(std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", day_of(time), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), clock.subseconds().count());
}

// "<stem>-2026-11-21.log", then "-2026-11-21.1.log" and so on; spdlog turns by day or by size, not by both.
class TurningSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TurningSink(fs::path folder, std::string stem, const LogOptions& options)
      : folder_(std::move(folder)), stem_(std::move(stem)), keep_(options.keep), turn_bytes_(options.turn_bytes) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto day = day_of(message.time);
    const auto size = static_cast<std::int64_t>(message.payload.size()) + 1;
    if (day != day_) open(day, 0);
    if (written_ + size > turn_bytes_) open(day, number_ + 1);
    file_.write(message.payload.data(), static_cast<std::streamsize>(message.payload.size()));
    file_.put('\n');
    written_ += size;
  }
  void flush_() override { file_.flush(); }

 private:
  fs::path path(const std::string& day, int number) const {
    return folder_ /
           (number == 0 ? fmt::format("{}-{}.log", stem_, day) : fmt::format("{}-{}.{}.log", stem_, day, number));
  }

  void open(const std::string& day, int number) {
    std::error_code ec;
    // After a restart: go on where the day's last file has room.
    while (fs::exists(path(day, number), ec) &&
           static_cast<std::int64_t>(fs::file_size(path(day, number), ec)) >= turn_bytes_)
      ++number;
    if (day != day_) forget_old();
    file_ = std::ofstream(path(day, number), std::ios::app | std::ios::binary);
    written_ = fs::exists(path(day, number), ec) ? static_cast<std::int64_t>(fs::file_size(path(day, number), ec)) : 0;
    day_ = day;
    number_ = number;
  }

  // The folder may be one that others write to as well: "<stem>-2026-11-21" and what follows, nothing else.
  bool is_ours(std::string_view name) const {
    constexpr std::string_view kDigits = "0123456789";
    if (!name.starts_with(stem_ + "-") || !name.ends_with(".log")) return false;
    name.remove_prefix(stem_.size() + 1);
    const auto day = name.substr(0, 10);
    return day.size() == 10 && day[4] == '-' && day[7] == '-' && day.find_first_of(kDigits) == 0 &&
           day.find_first_not_of("0123456789-") == std::string_view::npos;
  }

  void forget_old() {
    std::error_code ec;
    const auto oldest = fs::file_time_type::clock::now() - keep_;
    std::vector<fs::path> old;
    for (auto at = fs::directory_iterator(folder_, ec); !ec && at != fs::directory_iterator(); at.increment(ec))
      if (is_ours(at->path().filename().string()) && at->last_write_time(ec) < oldest) old.push_back(at->path());
    for (const auto& file : old) fs::remove(file, ec);
  }

  fs::path folder_;
  std::string stem_;
  std::chrono::hours keep_;
  std::int64_t turn_bytes_;
  std::ofstream file_;
  std::string day_;
  int number_ = 0;
  std::int64_t written_ = 0;
};

spdlog::level::level_enum native(Level level) {
  constexpr std::array kNative{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kNative[static_cast<std::size_t>(level)];
}

// For a person at a terminal: time, level, message, then what belongs to it. Control characters stay escaped.
std::string console_line(const json::object& line, const json::object& fields) {
  std::string out =
      fmt::format("{} {:<7} {}: {}", std::string_view(line.at("time").as_string()).substr(11, 8),
                  std::string_view(line.at("level").as_string()), std::string_view(line.at("category").as_string()),
                  std::string_view(line.at("message").as_string()));
  for (const auto& [key, value] : fields) out += fmt::format("  {}={}", std::string_view(key), dump(value));
  return out;
}

}  // namespace

struct Log::Sinks {
  LogOptions options;
  std::shared_ptr<spdlog::logger> files;
  std::shared_ptr<spdlog::logger> console;
};

Log::Log(std::unique_ptr<Sinks> sinks) : sinks_(std::move(sinks)) {}
Log::~Log() { flush(); }

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  auto sinks = std::make_unique<Sinks>();
  sinks->options = options;
  if (!options.folder.empty()) {
    VF_CHECK(make_folder(options.folder));
    auto all = std::make_shared<TurningSink>(options.folder, "videoforge", options);
    auto errors = std::make_shared<TurningSink>(options.folder, "error", options);
    errors->set_level(spdlog::level::err);
    sinks->files = std::make_shared<spdlog::logger>("files", spdlog::sinks_init_list{all, errors});
    sinks->files->set_level(native(options.level));
    sinks->files->flush_on(spdlog::level::info);
  }
  if (options.console != "none") {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("%v");
    sinks->console = std::make_shared<spdlog::logger>("console", sink);
    sinks->console->set_level(native(options.level));
  }
  return std::unique_ptr<Log>(new Log(std::move(sinks)));
}

void Log::write(Level level, std::string_view category, std::string_view message, const json::object& fields) {
  if (level < sinks_->options.level) return;
  const auto now = sinks_->options.now();
  json::object line{{"time", time_of(now)},
                    {"level", kLevelNames[static_cast<std::size_t>(level)]},
                    {"category", category},
                    {"message", message}};
  auto whole = line;
  for (const auto& [key, value] : fields) whole[key] = value;
  const auto text = dump(whole);
  // The sink turns by the time of the line.
  if (sinks_->files) sinks_->files->log(now, {}, native(level), text);
  if (sinks_->console)
    sinks_->console->log(native(level), "{}", sinks_->options.console == "json" ? text : console_line(line, fields));
}

void Log::flush() {
  if (sinks_->files) sinks_->files->flush();
  if (sinks_->console) sinks_->console->flush();
}

}  // namespace vf::telemetry
