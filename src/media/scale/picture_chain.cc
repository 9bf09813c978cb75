#include "media/scale/picture_chain.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "media/av/frame_time.h"
#include "media/av/ptr.h"
#include "media/scale/artist.h"
#include "media/scale/chain_plan.h"
#include "media/scale/deinterlacer.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

constexpr int kMaxSide = 16384;
constexpr int kLeastLines = 4;  // bwdif refuses pictures with fewer

Result<void> check(const PictureSpec& spec, std::span<const Target> targets) {
  if (spec.rotation != 0 && spec.rotation != 90 && spec.rotation != 180 && spec.rotation != 270)
    return fail(ErrorCode::invalid_argument,
                fmt::format("A picture cannot be turned by {} degrees, only by 0, 90, 180 or 270.", spec.rotation));
  if (spec.crop && (spec.crop->width < 1 || spec.crop->height < 1 || spec.crop->x < 0 || spec.crop->y < 0))
    return fail(ErrorCode::invalid_argument,
                "A crop needs a width and a height of at least 1 and a corner inside the picture.");
  for (const auto& target : targets) {
    if (target.width < 2 || target.height < 2 || target.width > kMaxSide || target.height > kMaxSide ||
        target.width % 2 || target.height % 2)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} x {} is no size for a rendition: both must be even, from 2 to {}.", target.width,
                              target.height, kMaxSide));
    if (target.pixel_format != "yuv420p" && target.pixel_format != "yuv420p10le")
      return fail(ErrorCode::invalid_argument,
                  fmt::format("Pictures are made as yuv420p or yuv420p10le, not as {}.", target.pixel_format));
  }
  return {};
}

// The crop, given in upright square pixels, in the coded samples of `frame`.
Crop crop_in_samples(const Crop& crop, const PictureSpec& spec, const AVFrame& frame) {
  const double aspect = spec.sample_aspect.valid() ? spec.sample_aspect.value() : 1.0;
  const bool swapped = spec.rotation == 90 || spec.rotation == 270;
  const double shown_width = frame.width * aspect;
  const double upright_width = swapped ? frame.height : shown_width;
  const double upright_height = swapped ? shown_width : frame.height;
  // Corners, turned back: left, top, right, bottom in the unturned picture.
  double left = crop.x, top = crop.y, right = crop.x + crop.width, bottom = crop.y + crop.height;
  for (int turned = 0; turned < spec.rotation; turned += 90) {
    const bool odd = (spec.rotation - turned) / 90 % 2 == 1;
    const double width = odd == swapped ? upright_width : upright_height;
    // A quarter turn back: (x, y) becomes (y, width - x).
    const double l = top, t = width - right, r = bottom, b = width - left;
    left = l, top = t, right = r, bottom = b;
  }
  if (spec.mirrored) {
    const double l = shown_width - right;
    right = shown_width - left;
    left = l;
  }
  const auto even = [](double v) { return static_cast<int>(v / 2) * 2; };
  Crop out;
  out.x = std::clamp(even(left / aspect + 0.5), 0, std::max(frame.width - 2, 0));
  out.y = std::clamp(even(top + 0.5), 0, std::max(frame.height - 2, 0));
  out.width = std::clamp(static_cast<int>((right - left) / aspect + 0.5), 1, frame.width - out.x);
  out.height = std::clamp(static_cast<int>(bottom - top + 0.5), 1, frame.height - out.y);
  return out;
}

// Another reference to the picture with the tags that tell what its numbers mean.
Result<av::FramePtr> tagged(const AVFrame& picture, const AVFrame& source, const Light& light, bool hdr) {
  auto out = av::make_frame();
  if (!out) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
  for (int i = 0; i < AV_NUM_DATA_POINTERS && picture.buf[i]; ++i) {
    out->buf[i] = av_buffer_ref(picture.buf[i]);
    if (!out->buf[i]) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
  }
  for (int i = 0; i < 4; ++i) {
    out->data[i] = picture.data[i];
    out->linesize[i] = picture.linesize[i];
  }
  out->extended_data = out->data;
  out->width = picture.width;
  out->height = picture.height;
  out->format = picture.format;
  out->pts = source.pts;
  av::set_frame_duration(*out, av::frame_duration(source));
  out->sample_aspect_ratio = {1, 1};
  out->color_range = AVCOL_RANGE_MPEG;
  out->chroma_location = AVCHROMA_LOC_LEFT;
  out->colorspace = hdr ? static_cast<AVColorSpace>(light.matrix) : AVCOL_SPC_BT709;
  out->color_primaries = hdr ? AVCOL_PRI_BT2020 : AVCOL_PRI_BT709;
  out->color_trc = !hdr                             ? AVCOL_TRC_BT709
                   : light.transfer == Transfer::pq ? AVCOL_TRC_SMPTE2084
                                                    : AVCOL_TRC_ARIB_STD_B67;
  if (hdr)
    for (const auto kind : {AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL})
      if (const auto* side = av_frame_get_side_data(&source, kind))
        av_frame_new_side_data_from_buf(out.get(), kind, av_buffer_ref(side->buf));
  return out;
}

}  // namespace

struct PictureChain::State {
  PictureSpec spec;
  std::vector<Target> targets;
  std::unique_ptr<Artist> artist;
  std::optional<Deinterlacer> deinterlacer;
  std::deque<av::FramePtr> ready;  // progressive, to become pictures
  std::vector<av::FramePtr> pictures;

  ChainPlan plan;
  bool planned = false;
  PictureShape shape;  // of the frames that the plan is for
  Light light;
  std::vector<av::FramePtr> results;  // of the plan's nodes, for the current frame

  Result<void> drain_deinterlacer();
  Result<void> follow(const AVFrame& frame);
  Result<void> make_pictures(AVFrame& frame);
};

Result<void> PictureChain::State::drain_deinterlacer() {
  for (;;) {
    auto frame = av::make_frame();
    if (!frame) return fail(ErrorCode::no_memory, "There is not enough memory to deinterlace.");
    if (!VF_TRY(deinterlacer->pull(frame.get()))) return {};
    ready.push_back(std::move(frame));
  }
}

// Makes a new plan where the frames changed.
Result<void> PictureChain::State::follow(const AVFrame& frame) {
  const auto now = light_of(frame, spec.hdr_peak);
  if (planned && frame.width == shape.width && frame.height == shape.height && frame.format == shape.format &&
      now == light)
    return {};
  auto peak_kept = now;
  // Metadata that comes and goes must not make the picture flicker: the first peak stays.
  if (planned && light.transfer == now.transfer) peak_kept.peak = light.peak;
  if (planned && frame.width == shape.width && frame.height == shape.height && frame.format == shape.format &&
      peak_kept == light)
    return {};
  shape = {frame.width, frame.height, frame.format};
  light = peak_kept;
  plan = VF_TRY(plan_chain(shape, light, spec, targets, artist.get()));
  results.clear();
  results.resize(plan.nodes.size());
  planned = true;
  return {};
}

Result<void> PictureChain::State::make_pictures(AVFrame& frame) {
  if (spec.crop) {
    const auto crop = crop_in_samples(*spec.crop, spec, frame);
    frame.crop_left = static_cast<std::size_t>(crop.x);
    frame.crop_top = static_cast<std::size_t>(crop.y);
    frame.crop_right = static_cast<std::size_t>(frame.width - crop.x - crop.width);
    frame.crop_bottom = static_cast<std::size_t>(frame.height - crop.y - crop.height);
    av_frame_apply_cropping(&frame, AV_FRAME_CROP_UNALIGNED);
  }
  VF_CHECK(follow(frame));
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const auto& node = plan.nodes[i];
    results[i] = VF_TRY(node.step->run(node.from < 0 ? frame : *results[static_cast<std::size_t>(node.from)]));
  }
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const int node = plan.of_target[t];
    pictures[t] =
        VF_TRY(tagged(node < 0 ? frame : *results[static_cast<std::size_t>(node)], frame, light, plan.hdr_target[t]));
  }
  for (auto& result : results) result.reset();
  return {};
}

PictureChain::PictureChain(std::unique_ptr<State> state) : state_(std::move(state)) {}
PictureChain::PictureChain(PictureChain&&) noexcept = default;
PictureChain& PictureChain::operator=(PictureChain&&) noexcept = default;
PictureChain::~PictureChain() = default;

Result<PictureChain> PictureChain::create(const PictureSpec& spec, const PictureClock& clock,
                                          std::span<const Target> targets, const PictureResources& resources) {
  VF_CHECK(check(spec, targets));
  auto state = std::make_unique<State>();
  state->spec = spec;
  state->targets.assign(targets.begin(), targets.end());
  state->pictures.resize(targets.size());
  if (spec.watermark || spec.burn) state->artist = VF_TRY(make_artist(spec, clock, resources));
  return PictureChain(std::move(state));
}

Result<void> PictureChain::push(const AVFrame* frame) {
  auto& s = *state_;
  if (!frame) {
    if (!s.deinterlacer) return {};
    VF_CHECK(s.deinterlacer->push(nullptr));
    VF_CHECK(s.drain_deinterlacer());
    s.deinterlacer.reset();
    return {};
  }
  if (s.spec.deinterlace == Deinterlace::off || frame->height < kLeastLines || frame->width < kLeastLines) {
    auto shared = av::share(frame);
    if (!shared) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
    s.ready.push_back(std::move(shared));
    return {};
  }
  if (s.deinterlacer && !s.deinterlacer->takes(*frame)) VF_CHECK(push(nullptr));
  if (!s.deinterlacer) s.deinterlacer = VF_TRY(Deinterlacer::create(*frame, s.spec.deinterlace));
  VF_CHECK(s.deinterlacer->push(frame));
  return s.drain_deinterlacer();
}

Result<bool> PictureChain::pull() {
  auto& s = *state_;
  if (s.ready.empty()) return false;
  const auto frame = std::move(s.ready.front());
  s.ready.pop_front();
  VF_CHECK(s.make_pictures(*frame));
  return true;
}

AVFrame* PictureChain::picture(std::size_t target) const {
  return target < state_->pictures.size() ? state_->pictures[target].get() : nullptr;
}

}  // namespace vf::media
