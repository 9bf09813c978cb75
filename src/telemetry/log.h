// Logs: one JSON object a line, into files that turn over daily and at 20 MB and are kept for a while, errors
// once more into a file of their own, and to standard error for whoever looks.
//
// Thread-safe. Nothing here fails loudly: a log that cannot be written must not stop the work.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vf::telemetry {

enum class Level { debug, info, warning, error };

struct LogOptions {
  std::filesystem::path folder;  // empty: no files
  Level level = Level::info;
  std::chrono::hours keep{30 * 24};
  std::string console = "text";  // text, json, none
  std::int64_t turn_bytes = 20 << 20;
  std::function<std::chrono::system_clock::time_point()> now = [] { return std::chrono::system_clock::now(); };
};

class Log {
 public:
  static Result<std::unique_ptr<Log>> open(const LogOptions& options);
  ~Log();

  // `category`: job, queue, db, auth, cache, blob, api or system. `fields` stand beside the message;
  // "correlationId" among them where there is one. Never a secret.
  void write(Level level, std::string_view category, std::string_view message, const json::object& fields = {});
  void info(std::string_view category, std::string_view message, const json::object& fields = {}) {
    write(Level::info, category, message, fields);
  }
  void error(std::string_view category, std::string_view message, const json::object& fields = {}) {
    write(Level::error, category, message, fields);
  }
  void flush();

 private:
  struct Sinks;
  explicit Log(std::unique_ptr<Sinks> sinks);
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace vf::telemetry
