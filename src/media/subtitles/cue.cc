#include "media/subtitles/cue.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace vf::media::subtitles {
namespace {

constexpr std::int64_t kOpenEndMs = 5'000;

std::string timestamp(std::int64_t ms) {
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

void close_open_ends(std::vector<Cue>& cues) {
  for (std::size_t i = 0; i < cues.size(); ++i) {
    if (cues[i].end_ms > cues[i].start_ms) continue;
    cues[i].end_ms = cues[i].start_ms + kOpenEndMs;
    for (auto next = i + 1; next < cues.size(); ++next)
      if (cues[next].start_ms > cues[i].start_ms) {
        cues[i].end_ms = std::min(cues[i].end_ms, cues[next].start_ms);
        break;
      }
  }
}

}  // namespace

WebVtt write_document(std::vector<Cue> cues, const SubtitleSpec& spec) {
  WebVtt out;
  out.document = "WEBVTT\n\n";
  for (std::size_t i = 0; i < cues.size(); ++i) cues[i].order = i;
  std::ranges::sort(cues, {}, [](const Cue& cue) { return std::pair(cue.start_ms, cue.order); });
  close_open_ends(cues);
  const auto origin = std::llround(spec.start_seconds * 1000);
  const auto length = spec.duration_seconds > 0 ? std::llround(spec.duration_seconds * 1000) : INT64_MAX;
  for (const auto& cue : cues) {
    const auto start = std::max<std::int64_t>(cue.start_ms - origin, 0);
    const auto end = std::min<std::int64_t>(cue.end_ms - origin, length);
    if (end <= start || cue.text.empty()) continue;
    if (out.cues == kMaxCues) {
      out.warnings.push_back(
          {"subtitles-cut", fmt::format("There are more than {} subtitles; the rest was left out.", kMaxCues)});
      break;
    }
    out.document += fmt::format("{} --> {}\n{}\n\n", timestamp(start), timestamp(end), cue.text);
    ++out.cues;
  }
  return out;
}

}  // namespace vf::media::subtitles
