#include "media/frames/jpeg.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "media/av/error.h"
#include "media/av/ptr.h"

namespace vf::media::frames {
namespace {

bool full_range(const AVFrame* frame) {
  return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
         frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P;
}

int matrix_of(const AVFrame* frame) {
  switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    default:
      return SWS_CS_ITU601;
  }
}

constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT;

Result<void> convert(SwsContext* context, const std::uint8_t* const* from, const int* from_stride, int height,
                     std::uint8_t* const* to, const int* to_stride) {
  const int code = sws_scale(context, from, from_stride, 0, height, to, to_stride);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A picture could not be converted."));
  return {};
}

}  // namespace

Result<RgbPicture> to_rgb(const AVFrame* frame) {
  av::SwsPtr context(sws_getContext(frame->width, frame->height, static_cast<AVPixelFormat>(frame->format),
                                    frame->width, frame->height, AV_PIX_FMT_RGB24, kFlags, nullptr, nullptr, nullptr));
  if (!context) return fail(ErrorCode::internal, "A picture could not be converted.");
  sws_setColorspaceDetails(context.get(), sws_getCoefficients(matrix_of(frame)), full_range(frame),
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  // libswscale writes whole vectors: rows of its own choosing first, then packed.
  auto rgb = av::make_frame();
  if (!rgb) return fail(ErrorCode::no_memory, "There is not enough memory for a picture.");
  rgb->format = AV_PIX_FMT_RGB24;
  rgb->width = frame->width;
  rgb->height = frame->height;
  if (av_frame_get_buffer(rgb.get(), 0) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory for a picture.");
  VF_CHECK(convert(context.get(), frame->data, frame->linesize, frame->height, rgb->data, rgb->linesize));
  RgbPicture out(frame->width, frame->height);
  const auto row = static_cast<std::size_t>(out.width) * 3;
  for (int y = 0; y < out.height; ++y)
    std::memcpy(out.bytes.data() + static_cast<std::size_t>(y) * row,
                rgb->data[0] + static_cast<std::ptrdiff_t>(y) * rgb->linesize[0], row);
  return out;
}

void place(RgbPicture& sheet, const RgbPicture& tile, int x, int y) {
  const int width = std::min(tile.width, sheet.width - x);
  const int height = std::min(tile.height, sheet.height - y);
  for (int row = 0; row < height && width > 0; ++row)
    std::memcpy(sheet.bytes.data() + (static_cast<std::size_t>(y + row) * static_cast<std::size_t>(sheet.width) +
                                      static_cast<std::size_t>(x)) *
                                         3,
                tile.bytes.data() + static_cast<std::size_t>(row) * static_cast<std::size_t>(tile.width) * 3,
                static_cast<std::size_t>(width) * 3);
}

Result<std::string> encode_jpeg(const RgbPicture& picture, int quantiser) {
  const auto* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  av::CodecPtr encoder(codec ? avcodec_alloc_context3(codec) : nullptr);
  auto frame = av::make_frame();
  auto packet = av::make_packet();
  if (!encoder || !frame || !packet) return fail(ErrorCode::no_memory, "There is not enough memory to write a JPEG.");
  frame->format = encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
  frame->width = encoder->width = picture.width;
  frame->height = encoder->height = picture.height;
  frame->color_range = encoder->color_range = AVCOL_RANGE_JPEG;
  encoder->time_base = {1, 1};
  encoder->thread_count = 1;
  encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
  encoder->global_quality = quantiser * FF_QP2LAMBDA;
  frame->quality = encoder->global_quality;
  int code = avcodec_open2(encoder.get(), codec, nullptr);
  if (code >= 0) code = av_frame_get_buffer(frame.get(), 0);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A JPEG could not be written."));
  av::SwsPtr context(sws_getContext(picture.width, picture.height, AV_PIX_FMT_RGB24, picture.width, picture.height,
                                    AV_PIX_FMT_YUVJ420P, kFlags, nullptr, nullptr, nullptr));
  if (!context) return fail(ErrorCode::internal, "A JPEG could not be written.");
  sws_setColorspaceDetails(context.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1, sws_getCoefficients(SWS_CS_ITU601), 1,
                           0, 1 << 16, 1 << 16);
  const std::uint8_t* from[] = {picture.bytes.data()};
  const int stride[] = {picture.width * 3};
  VF_CHECK(convert(context.get(), from, stride, picture.height, frame->data, frame->linesize));
  frame->pts = 0;
  code = avcodec_send_frame(encoder.get(), frame.get());
  if (code >= 0) avcodec_send_frame(encoder.get(), nullptr);
  if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "A JPEG could not be written."));
  return std::string(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
}

}  // namespace vf::media::frames
