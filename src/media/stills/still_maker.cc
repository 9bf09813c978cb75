#include "media/stills/still_maker.h"

#include <array>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "media/av/ptr.h"

namespace vf::media::stills {
namespace {

bool has_alpha(const AVFrame& frame) {
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  return format && (format->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
}

int even(int size) { return std::max(2, size & ~1); }

// The frame with its matrix named, so that a converter that guesses otherwise does not.
av::FramePtr with_matrix(const AVFrame& frame, const Light& light) {
  auto out = av::share(&frame);
  if (!out) return out;
  if (!light.rgb) out->colorspace = static_cast<AVColorSpace>(light.matrix);
  if (light.full_range) out->color_range = AVCOL_RANGE_JPEG;
  return out;
}

}  // namespace

StillMaker::StillMaker(const StillSpec& spec) : spec_(spec), jpeg_(spec.quality) {
  spec_.picture.deinterlace = Deinterlace::off;  // a frame is both of its fields
}

// The samples need no other treatment than a change of their numbers.
bool StillMaker::is_ready(const AVFrame& frame, const Light& light) const {
  const auto& p = spec_.picture;
  if (p.rotation != 0 || p.mirrored || light.needs_mapping() || has_alpha(frame)) return false;
  if (frame.width != spec_.width || frame.height != spec_.height) return false;
  return is_plain_420(frame) || spec_.format != "jpeg";
}

Result<const AVFrame*> StillMaker::through_chain(const AVFrame& frame) {
  if (!chain_) {
    chain_size_ = {even(spec_.width), even(spec_.height)};
    const std::array targets{Target{"still", chain_size_.width, chain_size_.height}};
    chain_ = VF_TRY(PictureChain::create(spec_.picture, {}, targets));
  }
  VF_CHECK(chain_->push(&frame));
  if (!VF_TRY(chain_->pull())) return fail(ErrorCode::internal, "A picture did not come out.");
  return static_cast<const AVFrame*>(chain_->picture(0));
}

Result<void> StillMaker::write_rgb(const AVFrame& frame, const Light& light, Bytes& out) {
  const auto row = static_cast<std::size_t>(frame.width) * 3;
  if (is_plain_420(frame)) {
    const RgbPixels pixels(light);
    rgb_.resize(row * static_cast<std::size_t>(frame.height));
    for (int y = 0; y < frame.height; ++y) pixels.row(frame, y, rgb_.data() + static_cast<std::size_t>(y) * row);
  } else {
    const auto named = with_matrix(frame, light);
    if (!named) return fail(ErrorCode::no_memory, "There is not enough memory for a picture.");
    rgb_ = std::move(VF_TRY(frames::to_rgb(named.get())).bytes);
  }
  if (spec_.format == "png") return png_.write(rgb_, frame.width, frame.height, out);
  return write_webp(rgb_, frame.width, frame.height, spec_.quality, out);
}

Result<void> StillMaker::make(const AVFrame& frame, Bytes& out) {
  out.clear();
  const auto* picture = &frame;
  auto light = light_of(frame, spec_.picture.hdr_peak);
  if (!is_ready(frame, light)) {
    picture = VF_TRY(through_chain(frame));
    light = light_of(*picture, 0);
  }
  if (spec_.format == "jpeg") return jpeg_.write(*picture, light, out);
  return write_rgb(*picture, light, out);
}

}  // namespace vf::media::stills
