#include "media/probe/timing.h"

#include <algorithm>
#include <cmath>

namespace vf::media {
namespace {

// Share of frames that may stand off the grid before a rate is called variable: a cut or a dropped
// frame here and there is not yet a variable rate.
constexpr double kOffGridShare = 0.01;

std::int64_t median_step(const std::vector<std::int64_t>& ticks) {
  std::vector<std::int64_t> steps;
  steps.reserve(ticks.size());
  for (std::size_t i = 1; i < ticks.size(); ++i) steps.push_back(ticks[i] - ticks[i - 1]);
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return *middle;
}

// Containers round times to their ticks (Matroska and FLV to milliseconds), so that steps alternate by
// one; beyond that a fiftieth of a frame is jitter.
bool varies(const std::vector<std::int64_t>& ticks, std::int64_t step) {
  if (ticks.size() < 3 || step <= 0) return false;
  const auto tolerance = std::max(1.0, static_cast<double>(step) / 50);
  std::size_t off = 0;
  for (std::size_t i = 1; i < ticks.size(); ++i)
    if (std::abs(static_cast<double>(ticks[i] - ticks[i - 1] - step)) > tolerance) ++off;
  return static_cast<double>(off) > std::max(1.0, kOffGridShare * static_cast<double>(ticks.size() - 1));
}

std::int64_t remove_undecodable(std::vector<std::int64_t>& frames, std::int64_t first_key, const HeadDecode& head) {
  // Without any decoded frame behind the key frame the look was too short to tell.
  const auto reached = [&](std::int64_t t) { return t != AV_NOPTS_VALUE && t >= first_key; };
  if (std::ranges::none_of(head.frame_ticks, reached)) return 0;
  return static_cast<std::int64_t>(std::erase_if(frames, [&](std::int64_t t) {
    return t < first_key && std::ranges::find(head.frame_ticks, t) == head.frame_ticks.end();
  }));
}

}  // namespace

FrameTiming time_frames(FrameTrail&& trail, const AVStream* stream, const HeadDecode* head) {
  FrameTiming out;
  auto& index = out.index;
  index.stream_index = stream->index;
  index.time_base = {stream->time_base.num, stream->time_base.den};
  const std::int64_t first_key = trail.key_ticks.empty() ? INT64_MIN : trail.key_ticks.front();
  index.frame_ticks = std::move(trail.frame_ticks);
  index.key_ticks = std::move(trail.key_ticks);
  if (head) out.undecodable = remove_undecodable(index.frame_ticks, first_key, *head);
  std::ranges::sort(index.frame_ticks);
  std::ranges::sort(index.key_ticks);
  const auto& ticks = index.frame_ticks;
  if (ticks.empty()) return out;

  const double tick = index.time_base.value();
  const auto step = median_step(ticks);
  index.first_ticks = ticks.front();
  const auto last = trail.last_duration > 0 ? trail.last_duration : std::max<std::int64_t>(step, 1);
  index.end_ticks = ticks.back() + std::min(last, INT64_MAX - std::max<std::int64_t>(ticks.back(), 0));
  out.variable_rate = varies(ticks, step);
  const double shown = static_cast<double>(ticks.back()) - static_cast<double>(ticks.front());
  if (ticks.size() > 1)
    out.measured_rate = shown > 0 ? static_cast<double>(ticks.size() - 1) / (shown * tick) : HUGE_VAL;
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    const auto delta = ticks[i] - ticks[i - 1];
    if (delta == 0) ++out.repeated;
    const double seconds = static_cast<double>(delta) * tick;
    if (seconds > 1 && delta > 5 * step && (!out.gap || seconds > out.gap->seconds))
      out.gap = Gap{static_cast<double>(ticks[i - 1]) * tick, seconds};
  }
  return out;
}

void measure_gops(const FrameTiming& timing, GopInfo& gop) {
  const auto& keys = timing.index.key_ticks;
  gop.key_frames = static_cast<int>(std::min<std::size_t>(keys.size(), INT32_MAX));
  if (keys.empty()) return;
  const double tick = timing.index.time_base.value();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto end = i + 1 < keys.size() ? keys[i + 1] : timing.index.end_ticks;
    gop.max_seconds = std::max(gop.max_seconds, static_cast<double>(end - keys[i]) * tick);
  }
  gop.mean_seconds =
      static_cast<double>(timing.index.end_ticks - keys.front()) * tick / static_cast<double>(keys.size());
}

}  // namespace vf::media
