#include "media/frames/small_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "media/av/error.h"

namespace vf::media::frames {
namespace {

int even(double value) { return std::max(2, static_cast<int>(std::lround(value / 2)) * 2); }

bool full_range(const AVFrame* frame) {
  const auto* descriptor = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
  return frame->color_range == AVCOL_RANGE_JPEG ||
         (descriptor && std::string_view(descriptor->name).starts_with("yuvj"));
}

// The plainest format of the same family: depth, colour model and alpha stay.
AVPixelFormat plain_format(int format) {
  const auto* descriptor = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  if (!descriptor) return AV_PIX_FMT_YUV420P;
  const bool alpha = descriptor->flags & AV_PIX_FMT_FLAG_ALPHA;
  if (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL))
    return alpha || (descriptor->flags & AV_PIX_FMT_FLAG_PAL) ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
  if (alpha) return AV_PIX_FMT_YUVA420P;
  return descriptor->comp[0].depth > 8 ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
}

// Where a small chain cannot take the frames, its caller hears so.
std::unexpected<Error> no_memory() { return fail(ErrorCode::no_memory, "There is not enough memory for a picture."); }

}  // namespace

Size fit(Size display, Size box) {
  const double scale = std::min({1.0, static_cast<double>(box.width) / std::max(1, display.width),
                                 static_cast<double>(box.height) / std::max(1, display.height)});
  return {even(display.width * scale), even(display.height * scale)};
}

SmallPictures::SmallPictures(const PictureSpec& spec, Size display, Size result) : spec_(spec), result_(result) {
  spec_.watermark.reset();
  spec_.burn.reset();
  spec_.deinterlace = Deinterlace::off;  // shrinking blends the fields
  spec_.sample_aspect = {1, 1};
  Size upright = result;
  if (spec_.crop && spec_.crop->width > 0 && spec_.crop->height > 0) {
    const double x = static_cast<double>(result.width) / spec_.crop->width;
    const double y = static_cast<double>(result.height) / spec_.crop->height;
    upright = {even(display.width * x), even(display.height * y)};
    auto& crop = *spec_.crop;
    crop = {result.width, result.height,
            std::min(even(crop.x * x) - (crop.x == 0 ? 2 : 0), upright.width - result.width),
            std::min(even(crop.y * y) - (crop.y == 0 ? 2 : 0), upright.height - result.height)};
    crop.x = std::max(0, crop.x);
    crop.y = std::max(0, crop.y);
  } else {
    spec_.crop.reset();
  }
  const bool turned = spec_.rotation == 90 || spec_.rotation == 270;
  coded_ = turned ? Size{upright.height, upright.width} : upright;
}

Result<av::FramePtr> SmallPictures::shrink(const AVFrame* frame) {
  auto small = av::make_frame();
  if (!small) return no_memory();
  small->format = plain_format(frame->format);
  small->width = coded_.width;
  small->height = coded_.height;
  if (av_frame_get_buffer(small.get(), 0) < 0 || av_frame_copy_props(small.get(), frame) < 0) return no_memory();
  small->sample_aspect_ratio = {1, 1};
  small->interlaced_frame = 0;
  small->crop_top = small->crop_bottom = small->crop_left = small->crop_right = 0;
  const bool full = full_range(frame);
  const bool rgb = small->format == AV_PIX_FMT_RGB24 || small->format == AV_PIX_FMT_RGBA;
  if (!rgb) small->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (!context_ || context_format_ != frame->format || context_size_.width != frame->width ||
      context_size_.height != frame->height) {
    context_.reset(sws_getContext(frame->width, frame->height, static_cast<AVPixelFormat>(frame->format), coded_.width,
                                  coded_.height, static_cast<AVPixelFormat>(small->format), SWS_AREA | SWS_BITEXACT,
                                  nullptr, nullptr, nullptr));
    if (!context_) return fail(ErrorCode::unsupported_input, "The video's pixel format cannot be converted.");
    const auto* matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    if (!rgb) sws_setColorspaceDetails(context_.get(), matrix, full, matrix, full, 0, 1 << 16, 1 << 16);
    context_format_ = frame->format;
    context_size_ = {frame->width, frame->height};
  }
  if (const int code =
          sws_scale(context_.get(), frame->data, frame->linesize, 0, frame->height, small->data, small->linesize);
      code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be made smaller."));
  return small;
}

Result<RgbPicture> SmallPictures::make(const AVFrame* frame) {
  const auto small = VF_TRY(shrink(frame));
  const std::array targets{Target{"small", result_.width, result_.height}};
  auto chain = VF_TRY(PictureChain::create(spec_, {}, targets));
  VF_CHECK(chain.push(small.get()));
  VF_CHECK(chain.push(nullptr));
  if (!VF_TRY(chain.pull())) return fail(ErrorCode::internal, "A small picture did not come out.");
  return to_rgb(chain.picture(0));
}

}  // namespace vf::media::frames
