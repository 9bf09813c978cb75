// Frame rate, gaps in the times, pictures that come twice.
#include <algorithm>
#include <cmath>

#include "media/analysis/finding_steps.h"

namespace vf::media::analysis {
namespace {

constexpr double kGapSteps = 1.5;         // a step so much longer than usual misses pictures
constexpr double kLongStepSeconds = 1.0;  // where the rate varies anyway, only a longer pause is a gap
constexpr std::size_t kMostInARow = 4;    // more of the same picture in a row is a pause, no fault
constexpr std::size_t kAround = 12;       // pictures before and so many after say whether it moves here
constexpr double kMovingShare = 1.0 / 3;  // of those
constexpr std::size_t kLeastMoving = 2;
// A picture that comes again differs by so much less than its neighbours do.
constexpr double kRepeatRatio = 0.1;

// The usual difference between the moving pictures in [begin, end), or 0 where it does not move enough.
double movement(const Film& film, std::size_t begin, std::size_t end) {
  std::vector<float> moving;
  for (auto i = begin; i < end; ++i)
    if (!film.frames[i].still && film.frames[i].difference >= 0) moving.push_back(film.frames[i].difference);
  if (moving.size() < kLeastMoving ||
      static_cast<double>(moving.size()) < kMovingShare * static_cast<double>(end - begin))
    return 0;
  const auto middle = moving.begin() + static_cast<std::ptrdiff_t>(moving.size() / 2);
  std::ranges::nth_element(moving, middle);
  return *middle;
}

// Before and after [from, to): a picture that stands where a movement begins or ends is no repetition.
double movement_around(const Film& film, std::size_t from, std::size_t to) {
  return std::min(movement(film, from > kAround ? from - kAround : 1, from),
                  movement(film, to, std::min(film.frames.size(), to + kAround)));
}

}  // namespace

void find_frame_rate(const Film& film, VideoFindings& out) {
  auto& rate = out.frame_rate;
  const double tick = film.facts.time_base.value();
  rate.variable = film.facts.variable_rate;
  if (film.frames.size() < 2) return;
  rate.nominal = 1 / (static_cast<double>(film.step) * tick);
  rate.mean = static_cast<double>(film.frames.size() - 1) /
              (static_cast<double>(film.frames.back().pts - film.frames.front().pts) * tick);
  rate.shortest_ms = HUGE_VAL;
  for (std::size_t i = 1; i < film.frames.size(); ++i) {
    const double step = static_cast<double>(film.frames[i].pts - film.frames[i - 1].pts) * tick * 1000;
    rate.shortest_ms = std::min(rate.shortest_ms, step);
    if (step > rate.longest_ms) {
      rate.longest_ms = step;
      rate.longest_at = film.start(i - 1);
    }
  }
}

void find_dropped(const Film& film, VideoFindings& out) {
  for (std::size_t i = 1; i < film.frames.size(); ++i) {
    const auto delta = film.frames[i].pts - film.frames[i - 1].pts;
    const double steps = static_cast<double>(delta) / static_cast<double>(film.step);
    if (steps < kGapSteps) continue;
    if (film.facts.variable_rate && film.start(i) - film.start(i - 1) < kLongStepSeconds) continue;
    const auto missing = std::llround(steps) - 1;
    out.dropped_frames += missing;
    if (out.dropped.size() < kMaxListed)
      out.dropped.push_back({film.seconds(film.frames[i - 1].pts + film.step), film.start(i), missing});
  }
}

void find_duplicated(const Film& film, VideoFindings& out) {
  for (std::size_t i = 1; i < film.frames.size();) {
    auto end = i;
    while (end < film.frames.size() && film.frames[end].still) ++end;
    if (end > i && end - i <= kMostInARow) {
      const double limit = kRepeatRatio * movement_around(film, i, end);
      const auto repeats = [&](const FrameRecord& frame) { return frame.difference <= limit; };
      const auto count = std::ranges::count_if(film.frames.subspan(i, end - i), repeats);
      if (limit > 0 && count > 0) {
        out.duplicated_frames += count;
        if (out.duplicated.size() < kMaxListed) out.duplicated.push_back({film.start(i), film.start(end), count});
      }
    }
    i = std::max(end, i + 1);
  }
}

}  // namespace vf::media::analysis
