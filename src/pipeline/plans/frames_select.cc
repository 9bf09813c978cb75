// Which frames are meant: from what a person asked for to positions in the source's index.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "pipeline/plans/frames.h"

namespace vf::pipeline {
namespace {

constexpr std::array<std::string_view, 7> kSelections{"all", "fps", "every", "count", "at", "keyframes", "scenes"};
constexpr std::array<std::string_view, 3> kFormats{"jpeg", "png", "webp"};
constexpr double kMaxFps = 1000;
constexpr double kMaxSeconds = 1e7;  // over a hundred days
constexpr double kMinSeconds = 0.001;
constexpr int kMinWidth = 16;
constexpr int kMaxWidth = 16384;

using Positions = std::vector<std::int64_t>;

std::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); }

// Looks up what is on show at an instant.
class Times {
 public:
  explicit Times(const media::VideoIndex& index) : index_(index), base_(index.time_base.value()) {}

  double duration() const { return static_cast<double>(index_.end_ticks - index_.frame_ticks.front()) * base_; }

  // The last frame that begins at or before it. Instants are rounded to the source's own ticks: a
  // container that stores 33 ms for 1/30 s means 1/30 s.
  std::int64_t position(double seconds) const {
    const auto ticks = index_.frame_ticks.front() + std::llround(seconds / base_);
    const auto next = std::ranges::upper_bound(index_.frame_ticks, ticks);
    return std::max<std::int64_t>(0, next - index_.frame_ticks.begin() - 1);
  }

 private:
  const media::VideoIndex& index_;
  double base_;
};

// Frames on show at 0, step, 2 * step ... Never one twice.
Positions at_every(const Times& times, double step, std::size_t frames) {
  Positions out;
  const double duration = times.duration();
  for (std::int64_t k = 0; out.size() < frames; ++k) {
    const double at = static_cast<double>(k) * step;
    if (k > 0 && at >= duration) break;
    const auto position = times.position(at);
    if (out.empty() || position > out.back()) out.push_back(position);
    if (position + 1 == static_cast<std::int64_t>(frames)) break;  // nothing follows
  }
  return out;
}

// In the middle of each of `count` equal parts of the film; where two fall on one frame, the next one.
Positions evenly(const Times& times, std::int64_t count, std::int64_t frames) {
  Positions out;
  count = std::min(count, frames);
  for (std::int64_t k = 0; k < count; ++k) {
    auto position = times.position(times.duration() * (static_cast<double>(k) + 0.5) / static_cast<double>(count));
    if (!out.empty()) position = std::max(position, out.back() + 1);
    out.push_back(std::min(position, frames - (count - k)));
  }
  return out;
}

Result<Positions> at_instants(const Times& times, const std::vector<double>& instants) {
  Positions out;
  for (const double at : instants) {
    if (at > times.duration())
      return wrong(fmt::format("--at {:g} is after the end; the video lasts {:.3f} s.", at, times.duration()));
    out.push_back(times.position(at));
  }
  std::ranges::sort(out);
  const auto [from, to] = std::ranges::unique(out);
  out.erase(from, to);
  return out;
}

Positions key_frames(const media::VideoIndex& index) {
  Positions out;
  for (const auto key : index.key_ticks) {
    const auto found = std::ranges::lower_bound(index.frame_ticks, key);
    if (found != index.frame_ticks.end() && *found == key) out.push_back(found - index.frame_ticks.begin());
  }
  return out;
}

}  // namespace

Result<void> check(const FramesOptions& o) {
  if (std::ranges::find(kSelections, o.select) == kSelections.end())
    return wrong(
        fmt::format("Frames cannot be selected by '{}'; choose one of {}.", o.select, fmt::join(kSelections, ", ")));
  if (o.select == "fps" && !(o.fps > 0 && o.fps <= kMaxFps))
    return wrong(fmt::format("--fps needs a number above 0 and up to {:g}.", kMaxFps));
  if (o.select == "every" && !(o.every_seconds >= kMinSeconds && o.every_seconds <= kMaxSeconds))
    return wrong(fmt::format("--every needs a number of seconds, at least {:g}.", kMinSeconds));
  if (o.select == "count" && o.count < 1) return wrong("--count needs a number of at least 1.");
  if (o.select == "at" && (o.at_seconds.empty() || !std::ranges::all_of(o.at_seconds, [](double t) { return t >= 0; })))
    return wrong("--at needs at least one time of 0 or later.");
  if (std::ranges::find(kFormats, o.format) == kFormats.end())
    return wrong(fmt::format("'{}' is no picture format; choose jpeg, png or webp.", o.format));
  if (o.quality && o.format == "png")
    return wrong("PNG loses nothing and has no quality. Leave --quality out, or take jpeg or webp.");
  if (o.quality && (*o.quality < 1 || *o.quality > 100)) return wrong("--quality goes from 1 to 100.");
  if (o.width && (*o.width < kMinWidth || *o.width > kMaxWidth))
    return wrong(fmt::format("--width goes from {} to {}.", kMinWidth, kMaxWidth));
  return {};
}

std::int64_t frame_on_show(const media::VideoIndex& index, double seconds) { return Times(index).position(seconds); }

Result<Positions> select_frames(const media::VideoIndex& index, const FramesOptions& o, const Positions& scenes) {
  const auto frames = index.frame_ticks.size();
  if (frames == 0) return fail(ErrorCode::invalid_input, "There is not one frame in this video.");
  const Times times(index);
  if (o.select == "fps") return at_every(times, 1 / o.fps, frames);
  if (o.select == "every") return at_every(times, o.every_seconds, frames);
  if (o.select == "count") return evenly(times, o.count, static_cast<std::int64_t>(frames));
  if (o.select == "at") return at_instants(times, o.at_seconds);
  if (o.select == "keyframes") {
    auto keys = key_frames(index);
    if (keys.empty()) return fail(ErrorCode::invalid_input, "There is not one key frame in this video.");
    return keys;
  }
  if (o.select == "scenes") return scenes;
  Positions all(frames);
  for (std::size_t i = 0; i < frames; ++i) all[i] = static_cast<std::int64_t>(i);
  return all;
}

}  // namespace vf::pipeline
