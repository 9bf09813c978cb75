// SubRip, WebVTT and ASS files: bounded, forgiving readers of what people write.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/fd.h"
#include "media/subtitles/cue.h"
#include "media/subtitles/markup.h"

namespace vf::media::subtitles {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Lines of a text, one after the other.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const auto end = rest_.find('\n');
    const auto line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    return line;
  }

 private:
  std::string_view rest_;
};

// "1:02:03,400", "02:03.4" or ASS's "0:02:03.40" in milliseconds.
std::optional<std::int64_t> parse_time(std::string_view text) {
  text = trim(text);
  std::array<std::int64_t, 3> fields{};
  std::size_t count = 0;
  std::int64_t fraction = 0;
  int fraction_digits = -1;
  bool digit_seen = false;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c))) {
      digit_seen = true;
      if (fraction_digits < 0) {
        fields[count] = fields[count] * 10 + (c - '0');
        if (fields[count] > 1'000'000) return std::nullopt;
      } else if (fraction_digits < 3) {
        fraction = fraction * 10 + (c - '0');
        ++fraction_digits;
      }
    } else if (c == ':' && fraction_digits < 0 && count < 2) {
      ++count;
    } else if ((c == '.' || c == ',') && fraction_digits < 0) {
      fraction_digits = 0;
    } else {
      return std::nullopt;
    }
  }
  if (!digit_seen || count == 0) return std::nullopt;
  for (; fraction_digits >= 0 && fraction_digits < 3; ++fraction_digits) fraction *= 10;
  const auto hours = count == 2 ? fields[0] : 0;
  return ((hours * 60 + fields[count - 1]) * 60 + fields[count]) * 1000 + fraction;
}

// "00:00:01,000 --> 00:00:02,000 X1:10 align:start".
std::optional<Cue> parse_timing(std::string_view line) {
  const auto arrow = line.find("-->");
  if (arrow == std::string_view::npos) return std::nullopt;
  const auto start = parse_time(line.substr(0, arrow));
  const auto right = trim(line.substr(arrow + 3));
  const auto end = parse_time(right.substr(0, right.find_first_of(" \t")));
  if (!start || !end) return std::nullopt;
  return Cue{*start, *end, {}};
}

// SubRip and WebVTT: a timing line, then text up to a blank line. Numbers, notes and styles in
// between are passed over because no timing line stands before them.
std::vector<Cue> read_timed_blocks(std::string_view text, bool webvtt) {
  std::vector<Cue> cues;
  Lines lines(text);
  while (auto line = lines.next()) {
    auto cue = parse_timing(*line);
    if (!cue) continue;
    std::string body;
    while ((line = lines.next()) && !trim(*line).empty()) {
      if (body.size() < kMaxCueBytes) body.append(*line).push_back('\n');
    }
    cue->text = clean_tagged_text(body, webvtt);
    cues.push_back(std::move(*cue));
    if (static_cast<int>(cues.size()) > 2 * kMaxCues) break;
  }
  return cues;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    std::string name(trim(list.substr(at, comma - at)));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.push_back(std::move(name));
    at = comma + 1;
  }
  return out;
}

// One event by the columns that the Format line names; the text is the last and may hold commas.
std::optional<Cue> parse_dialogue(std::string_view values, const std::vector<std::string>& columns) {
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> end;
  std::string_view text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool last = i + 1 == columns.size();
    const auto comma = last ? std::string_view::npos : values.find(',');
    if (!last && comma == std::string_view::npos) return std::nullopt;
    const auto value = values.substr(0, comma);
    if (columns[i] == "start") start = parse_time(value);
    if (columns[i] == "end") end = parse_time(value);
    if (columns[i] == "text") text = value;
    if (!last) values.remove_prefix(comma + 1);
  }
  if (!start || !end) return std::nullopt;
  return Cue{*start, *end, clean_ass_text(text)};
}

std::vector<Cue> read_ass(std::string_view document) {
  std::vector<Cue> cues;
  std::vector<std::string> columns = split_names("Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text");
  bool events = false;
  Lines lines(document);
  while (const auto line = lines.next()) {
    if (line->starts_with('[')) events = line->starts_with("[Events]");
    if (!events) continue;
    if (line->starts_with("Format:")) columns = split_names(line->substr(7));
    if (!line->starts_with("Dialogue:")) continue;
    if (auto cue = parse_dialogue(trim(line->substr(9)), columns)) cues.push_back(std::move(*cue));
    if (static_cast<int>(cues.size()) > 2 * kMaxCues) break;
  }
  return cues;
}

}  // namespace

Result<WebVtt> text_to_webvtt(std::string_view bytes, const SubtitleSpec& spec) {
  const auto text = to_utf8(bytes);
  if (text.starts_with("WEBVTT")) return write_document(read_timed_blocks(text, true), spec);
  if (text.find("[Events]") != std::string::npos && text.find("Dialogue:") != std::string::npos)
    return write_document(read_ass(text), spec);
  auto cues = read_timed_blocks(text, false);
  if (cues.empty() && !trim(text).empty())
    return fail(ErrorCode::unsupported_input,
                "The subtitle file is none of SubRip (.srt), WebVTT (.vtt) and ASS (.ass).");
  return write_document(std::move(cues), spec);
}

Result<WebVtt> file_to_webvtt(int fd, const SubtitleSpec& spec) {
  return text_to_webvtt(VF_TRY(read_whole(fd, kMaxSubtitleFileBytes)), spec);
}

}  // namespace vf::media::subtitles
