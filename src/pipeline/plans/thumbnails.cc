#include "pipeline/plans/thumbnails.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "media/frames/poster.h"
#include "media/frames/storyboard.h"
#include "media/stills/preview.h"
#include "pipeline/plans/cost.h"
#include "pipeline/plans/frame_cutting.h"
#include "pipeline/plans/frames.h"

namespace vf::pipeline {
namespace {

constexpr double kPreviewSeconds = 6;
constexpr int kStretches = 6;  // of a film that is longer than the preview
constexpr double kPreviewRate = 8;
constexpr double kMaxTiles = 100;

// What the three stages have in common.
template <typename Spec>
Spec spec_of(const Inspection& source, const media::StreamInfo& video) {
  const auto& v = *video.video;
  Spec spec;
  spec.stream_index = video.index;
  spec.picture.rotation = v.rotation;
  spec.picture.mirrored = v.mirrored;
  spec.picture.sample_aspect = v.sample_aspect;
  spec.display_width = v.display_width;
  spec.display_height = v.display_height;
  if constexpr (requires { spec.start_seconds; }) {
    const auto& index = source.index;
    spec.start_seconds = static_cast<double>(index.frame_ticks.front()) * index.time_base.value();
    spec.duration_seconds = static_cast<double>(index.end_ticks - index.frame_ticks.front()) * index.time_base.value();
  }
  return spec;
}

// A stretch begins at a key frame where its part of the film has one: that costs the least.
double stretch_start(const media::VideoIndex& index, double wanted, double earliest) {
  const double base = index.time_base.value();
  const auto origin = index.frame_ticks.front();
  const auto next = std::ranges::upper_bound(index.key_ticks, origin + std::llround(wanted / base));
  if (next == index.key_ticks.begin()) return wanted;
  const double key = static_cast<double>(*(next - 1) - origin) * base;
  return key >= earliest ? key : wanted;
}

std::vector<std::int64_t> preview_frames(const media::VideoIndex& index, double duration, double rate) {
  const bool whole = duration <= kPreviewSeconds;
  const int stretches = whole ? 1 : kStretches;
  const double length = whole ? duration : kPreviewSeconds / kStretches;
  std::vector<std::int64_t> out;
  for (int s = 0; s < stretches; ++s) {
    const double part = duration / stretches;
    const double start = whole ? 0 : stretch_start(index, (s + 0.5) * part - length / 2, s == 0 ? 0 : (s - 0.2) * part);
    for (int i = 0; i < std::max(1.0, std::round(length * rate)); ++i) {
      const auto frame = frame_on_show(index, start + i / rate);
      if (out.empty() || frame > out.back()) out.push_back(frame);
    }
  }
  return out;
}

jobs::Stage stage_of(const char* kind, json::value params, int outputs, jobs::StageCost cost) {
  jobs::Stage stage;
  stage.id = stage.kind = kind;
  stage.params = std::move(params);
  stage.inputs = {{kVideoSource, "", {}}, {"", "probe", {0}}};
  stage.outputs = outputs;
  stage.cost = cost;
  return stage;
}

}  // namespace

Result<void> check(const ThumbnailsOptions& o) {
  if (o.poster_seconds && !(*o.poster_seconds >= 0))
    return fail(ErrorCode::invalid_argument, "--poster-at needs a time of 0 or later.");
  return {};
}

Result<jobs::Plan> plan_thumbnails(const Inspection& source, const ThumbnailsOptions& options) {
  VF_CHECK(check(options));
  const auto* video = VF_TRY(frames_video(source));
  const auto& v = *video->video;
  auto poster = spec_of<media::frames::PosterSpec>(source, *video);
  const double duration = poster.duration_seconds;
  if (options.poster_seconds && *options.poster_seconds > duration)
    return fail(ErrorCode::invalid_argument, fmt::format("--poster-at {:g} is after the end; the video lasts {:.3f} s.",
                                                         *options.poster_seconds, duration));
  poster.at_seconds = options.poster_seconds;

  auto preview = spec_of<media::stills::PreviewSpec>(source, *video);
  const double average = static_cast<double>(source.index.frame_ticks.size()) / std::max(duration, 1e-3);
  const double rate = std::clamp(average, 0.5, kPreviewRate);
  preview.frame_ms = static_cast<int>(std::lround(1000 / rate));
  preview.frames = list_frames(source, preview_frames(source.index, duration, rate));

  const Footage footage{static_cast<double>(v.width) * v.height, 0, 0};
  const auto shown = static_cast<double>(preview.frames.index.size());
  jobs::Plan plan;
  plan.stages.push_back(probe_stage(source.info.bytes, false));
  plan.stages.push_back(stage_of("poster", to_json(poster), 1, key_frame_cost(footage, 12)));
  plan.stages.push_back(stage_of("storyboard", to_json(spec_of<media::frames::StoryboardSpec>(source, *video)), 2,
                                 key_frame_cost(footage, std::min(kMaxTiles, duration))));
  auto animated = stage_of("preview", to_json(preview), 1, key_frame_cost(footage, 3 * shown));
  animated.inputs.resize(1);
  plan.stages.push_back(std::move(animated));
  return plan;
}

}  // namespace vf::pipeline
