#include "http/captions.h"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "http/message/target.h"

namespace vf::http {
namespace {

constexpr std::size_t kMaxCues = 20'000;
constexpr std::size_t kMaxSettings = 200;

struct Cue {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::string settings;
  std::string text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
  return out;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "01:02:03,004", "01:02:03.004" or "02:03.004": milliseconds.
std::optional<std::int64_t> time_of(std::string_view text) {
  const auto dot = text.find_first_of(",.");
  if (dot == std::string_view::npos || text.size() - dot != 4) return std::nullopt;
  std::int64_t ms = 0;
  if (const auto [end, error] = std::from_chars(text.data() + dot + 1, text.data() + text.size(), ms);
      error != std::errc() || end != text.data() + text.size() || ms < 0)
    return std::nullopt;
  std::int64_t seconds = 0;
  auto clock = text.substr(0, dot);
  for (int parts = 0; !clock.empty(); ++parts) {
    const auto colon = clock.find(':');
    const auto digits = clock.substr(0, colon);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parts > 2 || digits.empty() || digits.size() > 4 || value < 0 || error != std::errc() ||
        end != digits.data() + digits.size())
      return std::nullopt;
    seconds = seconds * 60 + value;
    clock = colon == std::string_view::npos ? "" : clock.substr(colon + 1);
  }
  return seconds * 1000 + ms;
}

// "start --> end settings"; nothing where the line is none.
std::optional<Cue> timing_of(std::string_view line) {
  const auto arrow = line.find("-->");
  if (arrow == std::string_view::npos) return std::nullopt;
  auto rest = trim(line.substr(arrow + 3));
  const auto space = rest.find_first_of(" \t");
  const auto start = time_of(trim(line.substr(0, arrow)));
  const auto end = time_of(rest.substr(0, space));
  if (!start || !end || *end <= *start) return std::nullopt;
  Cue cue{*start, *end, {}, {}};
  if (space != std::string_view::npos) cue.settings = trim(rest.substr(space));
  return cue;
}

// Settings place a cue (line, position, align, size, vertical); nothing else is let through.
std::string clean_settings(std::string_view settings) {
  constexpr std::array<std::string_view, 5> kKnown{"line:", "position:", "align:", "size:", "vertical:"};
  std::string out;
  if (settings.size() > kMaxSettings) return out;
  while (!settings.empty()) {
    const auto space = settings.find(' ');
    const auto one = settings.substr(0, space);
    settings = space == std::string_view::npos ? "" : settings.substr(space + 1);
    bool known = false;
    for (const auto name : kKnown) known = known || one.starts_with(name);
    const bool plain = one.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789:.,%-") == std::string_view::npos;
    if (known && plain) out += ' ' + std::string(one);
  }
  return out;
}

// A tag that only says how words look or who speaks; without what could name a class or a resource.
std::string clean_tag(std::string_view tag) {
  const bool closing = tag.starts_with('/');
  const auto name = closing ? tag.substr(1) : tag;
  for (const auto* known : {"b", "i", "u", "ruby", "rt"})
    if (name == known) return fmt::format("<{}{}>", closing ? "/" : "", known);
  for (const auto* known : {"v", "lang"}) {
    if (closing && name == known) return fmt::format("</{}>", known);
    if (!closing && name.starts_with(std::string(known) + ' ')) {
      std::string who;
      for (const char c : name.substr(std::string_view(known).size() + 1))
        if (c != '&' && c != '<' && c != '>') who += c;
      return fmt::format("<{} {}>", known, who);
    }
  }
  return {};
}

bool is_entity(std::string_view text) {
  for (const auto* known : {"&amp;", "&lt;", "&gt;", "&nbsp;", "&lrm;", "&rlm;"})
    if (text.starts_with(known)) return true;
  return false;
}

std::string clean_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') {
      const auto end = text.find('>', i);
      if (end == std::string_view::npos) {
        out += "&lt;";
        continue;
      }
      out += clean_tag(text.substr(i + 1, end - i - 1));
      i = end;
    } else if (text[i] == '>') {
      out += "&gt;";  // "-->" inside a cue would begin another
    } else if (text[i] == '&' && !is_entity(text.substr(i))) {
      out += "&amp;";
    } else if (static_cast<unsigned char>(text[i]) >= 0x20 || text[i] == '\n') {
      out += text[i];
    }
  }
  return out;
}

std::string clock(std::int64_t ms) {
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

}  // namespace

Result<std::string> clean_captions(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!is_utf8(text))
    return fail(ErrorCode::invalid_input, "The captions are not UTF-8 text. Save the file as UTF-8 and send it again.");
  const auto lines = lines_of(text);
  std::string out = "WEBVTT\n";
  std::size_t cues = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto cue = timing_of(lines[i]);
    if (!cue) continue;
    if (++cues > kMaxCues)
      return fail(ErrorCode::limit_exceeded, fmt::format("A caption file has at most {} cues.", kMaxCues));
    while (i + 1 < lines.size() && !is_blank(lines[i + 1])) cue->text += std::string(lines[++i]) + '\n';
    const auto words = clean_text(cue->text);
    if (is_blank(words)) continue;
    out += fmt::format("\n{} --> {}{}\n{}", clock(cue->start_ms), clock(cue->end_ms), clean_settings(cue->settings),
                       words);
  }
  if (cues == 0)
    return fail(ErrorCode::invalid_input,
                "There is no cue in these captions. Send a SubRip (.srt) or WebVTT (.vtt) file as the body.");
  return out;
}

bool is_language_tag(std::string_view text) {
  std::size_t part = 0;
  while (!text.empty() || part == 0) {
    const auto dash = text.find('-');
    const auto one = text.substr(0, dash);
    if (one.size() < (part == 0 ? 2U : 1U) || one.size() > 8 || ++part > 4) return false;
    for (const char c : one)
      if (!std::isalnum(static_cast<unsigned char>(c))) return false;
    if (dash == std::string_view::npos) return true;
    text.remove_prefix(dash + 1);
    if (text.empty()) return false;
  }
  return true;
}

}  // namespace vf::http
