#include "app/platform/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/cache.h"
#include "base/fd.h"

extern char** environ;

namespace vf::app {
namespace {

constexpr std::int64_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kPrefix = "VIDEOFORGE_";
// Names of ours in the environment that are no settings.
constexpr auto kOthers = std::to_array<std::string_view>(
    {"VIDEOFORGE_WORK", "VIDEOFORGE_FONT", "VIDEOFORGE_CONFIG", "VIDEOFORGE_MEDIA_DIR", "VIDEOFORGE_BIN",
     "VIDEOFORGE_TEST_FULL", "VIDEOFORGE_FAULT_SHIM", "VIDEOFORGE_SEED"});

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : settings())
    if (setting.key == key) return &setting;
  return nullptr;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return out;
}

bool is_one_of(const auto& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "90", "90s", "15m", "24h", "7d".
std::optional<std::int64_t> duration_ms(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t unit = 1000;
  switch (text.back()) {
    case 's':
      break;
    case 'm':
      unit = 60'000;
      break;
    case 'h':
      unit = 3'600'000;
      break;
    case 'd':
      unit = 86'400'000;
      break;
    default:
      unit = 0;
  }
  const auto value = whole_number(unit == 0 ? text : text.substr(0, text.size() - 1));
  if (!value || *value < 0 || *value > INT64_MAX / 86'400'000) return std::nullopt;
  return *value * (unit == 0 ? 1000 : unit);
}

std::optional<double> parse_ratio(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

// What such a value must look like; empty where it does.
std::string expected(const Setting& setting, const std::string& text) {
  switch (setting.type) {
    case SettingType::flag:
      return text == "true" || text == "false" ? "" : "true or false";
    case SettingType::number:
      return whole_number(text) ? "" : "a whole number";
    case SettingType::ratio:
      return parse_ratio(text) ? "" : "a number from 0 to 1";
    case SettingType::size:
      return parse_size(text) ? "" : "a size such as 500M or 10G";
    case SettingType::duration:
      return duration_ms(text) ? "" : "a time such as 30s, 15m, 24h or 7d";
    case SettingType::choice:
      return is_one_of(split(setting.choices), text) ? "" : fmt::format("one of {}", setting.choices);
    default:
      return "";
  }
}

std::string as_text(const toml::node& node) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* b = node.as_boolean()) return b->get() ? "true" : "false";
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
  std::string out;
  if (const auto* array = node.as_array())
    for (const auto& item : *array)
      if (const auto* s = item.as_string()) out += (out.empty() ? "" : ",") + s->get();
  return out;
}

std::filesystem::path default_data() { return "data"; }

}  // namespace

std::string environment_name(std::string_view key) {
  std::string out(kPrefix);
  for (const char c : key) out += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

Result<void> Config::set(const std::string& key, std::string text, std::string origin) {
  const auto* setting = find_setting(key);
  if (!setting)
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{}: nobody knows the setting '{}'. `videoforge config show` lists them all.", origin, key));
  if (const auto wanted = expected(*setting, text); !wanted.empty())
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: '{}' is {}, not '{}'.", origin, key, wanted, setting->secret ? "(hidden)" : text));
  values_[key] = {std::move(text), std::move(origin)};
  return {};
}

Result<void> Config::read_file(const std::filesystem::path& file) {
  const auto text = VF_TRY(read_whole(file, kMaxFileBytes));
  toml::table table;
  try {
    table = toml::parse(text, file.string());
  } catch (const toml::parse_error& e) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}:{}: {}.", file.string(), e.source().begin.line, e.description()));
  }
  const auto place = [&](const toml::node& node) {
    return fmt::format("{}:{}", file.string(), node.source().begin.line);
  };
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    const auto* section = node.as_table();
    if (!section) {
      VF_CHECK(set(key, as_text(node), place(node)));
      continue;
    }
    for (const auto& [inner, value] : *section)
      VF_CHECK(set(fmt::format("{}.{}", key, std::string_view(inner.str())), as_text(value), place(value)));
  }
  return {};
}

Result<void> Config::read_environment() {
  std::map<std::string, std::string> keys;  // name -> key
  for (const auto& setting : settings()) keys.emplace(environment_name(setting.key), setting.key);
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view line(*entry);
    const auto equals = line.find('=');
    if (!line.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    std::string name(line.substr(0, equals));
    std::string value(line.substr(equals + 1));
    if (is_one_of(kOthers, name)) continue;
    const bool from_file = name.ends_with("_FILE") && !keys.contains(name);
    const auto key = keys.find(from_file ? name.substr(0, name.size() - 5) : name);
    if (key == keys.end())
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("The environment has {}, which is no setting. `videoforge config show` lists them all.", name));
    if (from_file) {
      value = VF_TRY(read_whole(std::filesystem::path(value), kMaxFileBytes));
      while (value.ends_with('\n')) value.pop_back();
    }
    VF_CHECK(set(key->second, std::move(value), name));
  }
  return {};
}

Result<Config> Config::load(const std::filesystem::path& file, const Flags& flags) {
  Config config;
  for (const auto& setting : settings())
    config.values_.emplace(std::string(setting.key), Value{std::string(setting.fallback), "default"});
  // The data folder may hold the file, so where it is must be known first.
  std::filesystem::path named = file;
  if (named.empty())
    if (const char* chosen = std::getenv("VIDEOFORGE_CONFIG"); chosen && *chosen) named = chosen;
  if (named.empty()) {
    auto early = config;
    VF_CHECK(early.read_environment());
    for (const auto& [key, value] : flags) VF_CHECK(early.set(key, value, "--" + key));
    std::error_code ec;
    if (std::filesystem::exists(early.data() / "videoforge.toml", ec)) named = early.data() / "videoforge.toml";
  }
  if (!named.empty()) VF_CHECK(config.read_file(named));
  VF_CHECK(config.read_environment());
  for (const auto& [key, value] : flags) VF_CHECK(config.set(key, value, "--" + key));
  return config;
}

const Config::Value& Config::value(std::string_view key) const { return values_.find(key)->second; }
bool Config::flag(std::string_view key) const { return text(key) == "true"; }

std::int64_t Config::number(std::string_view key) const {
  if (find_setting(key)->type == SettingType::size) return *parse_size(text(key));
  return *whole_number(text(key));
}

double Config::ratio(std::string_view key) const { return *parse_ratio(text(key)); }

std::int64_t Config::milliseconds(std::string_view key) const { return *duration_ms(text(key)); }
std::vector<std::string> Config::list(std::string_view key) const { return split(text(key)); }

std::filesystem::path Config::data() const {
  const auto& chosen = text("data");
  return chosen.empty() ? default_data() : std::filesystem::path(chosen);
}

std::string configuration_reference() {
  std::string out =
      "# Configuration reference\n\nMade by `videoforge config reference`; a test compares them.\n\nA setting comes "
      "from "
      "its default, a TOML file (`--config FILE`, or `videoforge.toml` in the data folder), the environment, or a "
      "flag; "
      "the later wins. `videoforge config show` prints every value with where it came from. In TOML, "
      "`uploads.max_size` "
      "is `max_size` in the section `[uploads]`. Any value may also stand in a file that `<NAME>_FILE` names.\n\n"
      "| setting | environment | default | |\n|---|---|---|---|\n";
  for (const auto& s : settings())
    out += fmt::format("| `{}` | `{}` | {} | {}{} |\n", s.key, environment_name(s.key),
                       s.fallback.empty() ? "" : fmt::format("`{}`", s.fallback), s.description,
                       s.choices.empty() ? "" : fmt::format(" One of {}.", s.choices));
  return out;
}

}  // namespace vf::app
