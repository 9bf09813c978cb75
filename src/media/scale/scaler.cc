#include "media/scale/scaler.h"

#include <fmt/format.h>

#include "media/av/error.h"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

// The deprecated full-range formats are their plain forms plus a range that we pass apart.
int plain_format(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

bool is_rgb(int format) {
  const auto* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  return d && (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

}  // namespace

Result<Scaler> Scaler::create(Picture from, const Light& from_light, Picture to, int to_matrix) {
  Scaler scaler;
  scaler.context_.reset(sws_alloc_context());
  auto* context = scaler.context_.get();
  if (!context) return fail(ErrorCode::no_memory, "There is not enough memory to scale the pictures.");
  const int source_format = plain_format(from.format);
  const bool rgb = is_rgb(source_format);
  int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT;
  // Without these swscale averages or skips chroma of RGB before it is converted.
  if (rgb) flags |= SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
  const int to_range = is_rgb(to.format) ? 1 : 0;
  const int from_range = from_light.full_range ? 1 : 0;
  const std::pair<const char*, int> settings[] = {
      {"srcw", from.width}, {"srch", from.height}, {"src_format", source_format}, {"src_range", from_range},
      {"dstw", to.width},   {"dsth", to.height},   {"dst_format", to.format},     {"dst_range", to_range},
      {"sws_flags", flags}, {"threads", 1}};
  for (const auto& [name, value] : settings) av_opt_set_int(context, name, value, 0);
  if (const int code = sws_init_context(context, nullptr, nullptr); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::unsupported_input,
                       fmt::format("Pictures of {} x {} ({}) cannot be scaled to {} x {}.", from.width, from.height,
                                   av_get_pix_fmt_name(static_cast<AVPixelFormat>(from.format)), to.width, to.height)));
  // The same table on both sides: swscale must not convert the matrix, which it does through 8-bit RGB.
  const int* table = sws_getCoefficients(rgb ? to_matrix : from_light.matrix);
  sws_setColorspaceDetails(context, table, from_range, table, to_range, 0, 1 << 16, 1 << 16);
  return scaler;
}

Result<void> Scaler::run(const AVFrame& from, AVFrame& to) {
  const int code = sws_scale(context_.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be scaled."));
  return {};
}

}  // namespace vf::media
