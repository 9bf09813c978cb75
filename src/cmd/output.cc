#include "cmd/output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace vf::cmd {
namespace {

constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kJsonInterval = std::chrono::milliseconds(500);
constexpr int kBarCells = 24;
// Below this share an estimate of the rest is a guess.
constexpr double kEtaFrom = 0.02;

std::string bar(double fraction) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(fraction * kBarCells * 8);
  std::string out;
  for (int i = 0; i < eighths / 8; ++i) out += "█";
  out += kEighths[eighths % 8];
  const int used = eighths / 8 + (eighths % 8 ? 1 : 0);
  out.append(static_cast<std::size_t>(std::max(0, kBarCells - used)), ' ');
  return out;
}

// "encode/0003/1080p" is for logs; a person reads "encode".
std::string_view kind_of(std::string_view stage) { return stage.substr(0, stage.find('/')); }

}  // namespace

std::string human_bytes(std::int64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 4) value /= 1024, ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.2f} {}", value, kUnits[unit]);
}

std::string human_bit_rate(std::int64_t bits) {
  if (bits >= 1'000'000) return fmt::format("{:.2f} Mbit/s", static_cast<double>(bits) / 1e6);
  return fmt::format("{:.0f} kbit/s", static_cast<double>(bits) / 1e3);
}

std::string human_seconds(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

bool is_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && !(term && std::string_view(term) == "dumb");
}

int terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

ProgressReporter::ProgressReporter(const OutputOptions& options, double media_seconds)
    : options_(options), media_seconds_(media_seconds), terminal_(!options.json && is_terminal(STDERR_FILENO)) {}

ProgressReporter::~ProgressReporter() { finish(); }

double ProgressReporter::elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

std::optional<double> ProgressReporter::eta(double fraction) const {
  if (fraction < kEtaFrom) return std::nullopt;
  return elapsed() * (1 - fraction) / fraction;
}

void ProgressReporter::label(std::string_view text) {
  if (options_.quiet || options_.json || !terminal_) return;
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  bar_shown_ = true;
}

void ProgressReporter::update(const pipeline::Progress& progress) {
  if (options_.quiet) return;
  if (options_.json)
    draw_json(progress);
  else if (terminal_)
    draw_bar(progress);
  else
    draw_line(progress);
}

void ProgressReporter::draw_bar(const pipeline::Progress& p) {
  if (Clock::now() - last_draw_ < kBarInterval && p.fraction < 1) return;
  last_draw_ = Clock::now();
  const double fraction = std::clamp(p.fraction, 0.0, 1.0);
  std::string line = fmt::format("{:>3.0f}% {}", std::floor(fraction * 100), bar(fraction));
  if (media_seconds_ > 0 && elapsed() > 0.5) line += fmt::format("  {:.2f}x", media_seconds_ * fraction / elapsed());
  if (const auto left = eta(fraction)) line += fmt::format("  {} left", human_seconds(*left));
  line += fmt::format("  {} {}/{}", kind_of(p.stage), p.stages_done, p.stages_total);
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
  bar_shown_ = true;
}

void ProgressReporter::draw_line(const pipeline::Progress& p) {
  const int tenth = static_cast<int>(p.fraction * 10);
  if (tenth <= last_tenth_) return;
  last_tenth_ = tenth;
  const auto left = eta(p.fraction);
  fmt::print(stderr, "{:>3}%  {}{}\n", tenth * 10, human_seconds(elapsed()),
             left ? fmt::format(", {} left", human_seconds(*left)) : "");
}

void ProgressReporter::draw_json(const pipeline::Progress& p) {
  if (Clock::now() - last_draw_ < kJsonInterval && p.stages_done < p.stages_total) return;
  last_draw_ = Clock::now();
  json::object line{{"event", "progress"},
                    {"percentage", std::round(p.fraction * 1000) / 10},
                    {"stage", p.stage},
                    {"stagesDone", p.stages_done},
                    {"stagesTotal", p.stages_total},
                    {"elapsedSeconds", elapsed()}};
  if (const auto left = eta(p.fraction)) line["etaSeconds"] = *left;
  fmt::print(stderr, "{}\n", dump(line));
}

app::JobObserver ProgressReporter::observer() {
  return {[this](std::string_view what) { label(what); }, [this](double seconds) { set_media_seconds(seconds); },
          [this](const pipeline::Progress& progress) { update(progress); }};
}

void ProgressReporter::finish() {
  if (!bar_shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  bar_shown_ = false;
}

int report_error(const Error& error, const OutputOptions& options) {
  if (options.json) {
    json::object body{{"code", std::string(to_string(error.code))}, {"message", error.message}};
    if (!error.detail.empty()) body["detail"] = error.detail;
    print_json(json::object{{"error", body}});
  }
  fmt::print(stderr, "videoforge: {}\n", error.message);
  if (!error.detail.empty()) fmt::print(stderr, "  ({})\n", error.detail);
  return exit_status(error.code);
}

void print_json(const json::value& value) {
  const auto text = dump_pretty(value);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace vf::cmd
