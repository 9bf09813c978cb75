#include "media/analysis/samples.h"

#include <string_view>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "media/av/error.h"

namespace vf::media::analysis {
namespace {

std::unexpected<Error> no_memory() { return fail(ErrorCode::no_memory, "There is not enough memory for a picture."); }

// Samples that can be read where they are: planes of one component each, in this machine's byte order.
bool is_plain(const AVPixFmtDescriptor& d) {
  constexpr std::uint64_t kOther = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                                   AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
  if (d.flags & kOther) return false;
  const int depth = d.comp[0].depth;
  if (depth < 8 || depth > 16 || (depth > 8 && (d.flags & AV_PIX_FMT_FLAG_BE))) return false;
  const int used = d.nb_components >= 3 ? 3 : 1;
  for (int i = 0; i < used; ++i)
    if (d.comp[i].plane != i || d.comp[i].offset != 0 || d.comp[i].shift != 0 || d.comp[i].depth != depth ||
        d.comp[i].step != (depth > 8 ? 2 : 1))
      return false;
  return true;
}

}  // namespace

bool Samples::same_shape(const Samples& other) const {
  return frame && other.frame && frame->width == other.frame->width && frame->height == other.frame->height &&
         frame->format == other.frame->format;
}

Result<av::FramePtr> SampleReader::convert(const AVFrame& frame) {
  const auto* from = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const auto to = from && from->comp[0].depth > 8 ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
  if (!context_ || format_ != frame.format || width_ != frame.width || height_ != frame.height) {
    context_.reset(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
                                  frame.height, to, SWS_POINT | SWS_BITEXACT, nullptr, nullptr, nullptr));
    if (!context_) return fail(ErrorCode::unsupported_input, "The video's pixel format cannot be converted.");
    format_ = frame.format;
    width_ = frame.width;
    height_ = frame.height;
  }
  auto out = av::make_frame();
  if (!out) return no_memory();
  out->format = to;
  out->width = frame.width;
  out->height = frame.height;
  if (av_frame_get_buffer(out.get(), 0) < 0) return no_memory();
  out->color_range = from && (from->flags & AV_PIX_FMT_FLAG_RGB) ? AVCOL_RANGE_MPEG : frame.color_range;
  if (const int code = sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height, out->data, out->linesize);
      code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be converted."));
  return out;
}

Result<Samples> SampleReader::read(const AVFrame& frame) {
  const auto* descriptor = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  Samples out;
  const bool plain = descriptor && is_plain(*descriptor);
  out.frame = plain ? av::share(&frame) : VF_TRY(convert(frame));
  if (!out.frame) return no_memory();
  const auto& f = *out.frame;
  const auto& d = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f.format));
  out.depth = d.comp[0].depth;
  out.count = d.nb_components >= 3 ? 3 : 1;
  out.full_range = f.color_range == AVCOL_RANGE_JPEG || std::string_view(d.name).starts_with("yuvj");
  for (int i = 0; i < out.count; ++i)
    out.planes[static_cast<std::size_t>(i)] = {
        f.data[i], f.linesize[i], i == 0 ? f.width : AV_CEIL_RSHIFT(f.width, d.log2_chroma_w),
        i == 0 ? f.height : AV_CEIL_RSHIFT(f.height, d.log2_chroma_h), out.depth > 8};
  return out;
}

}  // namespace vf::media::analysis
