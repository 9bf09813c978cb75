// Black and frozen passages, cuts, and damage.
#include <algorithm>

#include "media/analysis/finding_steps.h"

namespace vf::media::analysis {
namespace {

constexpr double kCutScore = 10;          // 8-bit steps: the usual threshold of scene detectors
constexpr double kOnePlaceSeconds = 1.0;  // faults this near are one place

}  // namespace

void find_black(const Film& film, VideoFindings& out) {
  for (std::size_t i = 0; i < film.frames.size();) {
    auto end = i;
    while (end < film.frames.size() && film.frames[end].black_share >= static_cast<float>(film.facts.black_share))
      ++end;
    if (end > i && film.start(end) - film.start(i) >= film.facts.black_seconds)
      out.black.push_back({film.start(i), film.start(end)});
    i = std::max(end, i + 1);
  }
}

// A still passage begins with the picture that the others are compared with. One picture that stands
// so long by itself is a passage, too.
void find_freeze(const Film& film, VideoFindings& out) {
  for (std::size_t i = 0; i < film.frames.size();) {
    auto end = i + 1;
    while (end < film.frames.size() && film.frames[end].still) ++end;
    if (film.start(end) - film.start(i) >= film.facts.freeze_seconds)
      out.freeze.push_back({film.start(i), film.start(end)});
    i = end;
  }
}

// A cut differs much from the picture before, and by so much more than that one did from the one before it.
void find_scene_cuts(const Film& film, VideoFindings& out) {
  for (std::size_t i = 2; i < film.frames.size(); ++i) {
    const double here = film.frames[i].difference * 256;
    const double before = film.frames[i - 1].difference * 256;
    if (before >= 0 && here - before >= kCutScore && out.scene_cuts.size() < kMaxListed)
      out.scene_cuts.push_back(film.start(i));
  }
}

void find_damage(const Film& film, std::int64_t errors_at_end, VideoFindings& out) {
  auto& list = out.decode_errors;
  const auto add = [&](double from, double to, std::int64_t pictures, std::int64_t packets) {
    if (list.empty() || (from > list.back().to + kOnePlaceSeconds && list.size() < kMaxListed))
      list.push_back({from, to, 0, 0});
    list.back().to = std::max(list.back().to, to);
    list.back().pictures += pictures;
    list.back().packets += packets;
  };
  for (std::size_t i = 0; i < film.frames.size(); ++i) {
    const auto& frame = film.frames[i];
    if (frame.damaged || frame.errors > 0) add(film.start(i), film.start(i + 1), frame.damaged, frame.errors);
  }
  if (errors_at_end > 0) add(out.end_seconds, out.end_seconds, 0, errors_at_end);
}

}  // namespace vf::media::analysis
