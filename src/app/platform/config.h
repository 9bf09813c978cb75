// The configuration of a server or a worker: defaults < TOML file < VIDEOFORGE_* environment < flags.
//
// Every setting stands in one table (settings()), from which the reference page is made, too. Unknown keys
// and wrong values are errors that name where they stand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::app {

// What a value is. Sizes are "500M" or bytes; durations "15m", "24h", "7d" or seconds; lists are
// comma-separated outside TOML.
enum class SettingType { text, path, flag, number, ratio, size, duration, choice, list };

struct Setting {
  std::string_view key;  // "uploads.max_size"
  SettingType type;
  std::string_view fallback;      // as text
  std::string_view description;   // one sentence
  std::string_view choices = "";  // of a choice, comma-separated
  bool secret = false;            // hidden when shown; may stand in a file named by VIDEOFORGE_<KEY>_FILE
};

std::span<const Setting> settings();

// "uploads.max_size" -> "VIDEOFORGE_UPLOADS_MAX_SIZE".
std::string environment_name(std::string_view key);

class Config {
 public:
  struct Value {
    std::string text;
    std::string origin;  // "default", "videoforge.toml:12", "VIDEOFORGE_DATA", "--data"
  };
  using Flags = std::map<std::string, std::string>;  // key -> value, as given on the command line

  // `file` empty: DATA/videoforge.toml where that exists. Errors: invalid_argument, naming place and value.
  static Result<Config> load(const std::filesystem::path& file, const Flags& flags);

  const Value& value(std::string_view key) const;
  const std::string& text(std::string_view key) const { return value(key).text; }
  bool flag(std::string_view key) const;
  std::int64_t number(std::string_view key) const;  // also bytes
  double ratio(std::string_view key) const;         // 0 to 1
  std::int64_t milliseconds(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;

  std::filesystem::path data() const;

 private:
  Config() = default;
  Result<void> set(const std::string& key, std::string text, std::string origin);
  Result<void> read_file(const std::filesystem::path& file);
  Result<void> read_environment();
  std::map<std::string, Value, std::less<>> values_;
};

// The reference page, in Markdown.
std::string configuration_reference();

}  // namespace vf::app
