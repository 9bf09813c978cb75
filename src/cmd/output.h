// What every command prints, and where: results on stdout, progress and errors on stderr.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/job.h"
#include "base/error.h"
#include "base/json.h"
#include "pipeline/runner.h"

namespace vf::cmd {

struct OutputOptions {
  bool json = false;   // the result as JSON on stdout, progress as JSON lines on stderr
  bool quiet = false;  // no progress
};

std::string human_bytes(std::int64_t bytes);    // "4.48 MiB"
std::string human_bit_rate(std::int64_t bits);  // "3.75 Mbit/s"
std::string human_seconds(double seconds);      // "12.3 s", "4:05", "1:02:03"

// Shows how far a run is: a bar that redraws itself on a terminal, a plain line every tenth
// elsewhere, a JSON line at most twice a second with --json. Not thread-safe; the Runner calls its
// observer one call at a time.
class ProgressReporter {
 public:
  // `media_seconds`: length of the film, for the speed; 0 = not shown.
  ProgressReporter(const OutputOptions& options, double media_seconds = 0);
  ~ProgressReporter();

  void set_media_seconds(double seconds) { media_seconds_ = seconds; }
  void label(std::string_view text);  // what is being done, before stages report
  void update(const pipeline::Progress& progress);
  void finish();  // clears the bar

  // Hands everything that a job tells to this reporter, which must outlive it.
  app::JobObserver observer();

 private:
  using Clock = std::chrono::steady_clock;
  double elapsed() const;
  std::optional<double> eta(double fraction) const;
  void draw_bar(const pipeline::Progress& progress);
  void draw_line(const pipeline::Progress& progress);
  void draw_json(const pipeline::Progress& progress);

  OutputOptions options_;
  double media_seconds_;
  bool terminal_;
  bool bar_shown_ = false;
  int last_tenth_ = -1;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_draw_{};
};

// Prints the error (a sentence on stderr, or {"error": ...} on stdout with --json) and returns the
// command's exit status.
int report_error(const Error& error, const OutputOptions& options);

// Prints a result: pretty JSON on stdout.
void print_json(const json::value& value);

// True where this stream is a terminal that can redraw a line.
bool is_terminal(int fd);

// Width in columns, 80 where it is unknown.
int terminal_width(int fd);

}  // namespace vf::cmd
