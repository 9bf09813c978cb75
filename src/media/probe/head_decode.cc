#include "media/probe/head_decode.h"

#include "media/av/allow.h"
#include "media/probe/color.h"

namespace vf::media {
namespace {

av::CodecPtr open_decoder(const AVStream* stream, std::int64_t max_pixels) {
  const auto* decoder = av::allowed_decoder(stream->codecpar->codec_id);
  if (!decoder) return nullptr;
  av::CodecPtr codec(avcodec_alloc_context3(decoder));
  if (!codec || avcodec_parameters_to_context(codec.get(), stream->codecpar) < 0) return nullptr;
  codec->pkt_timebase = stream->time_base;
  codec->thread_count = 1;
  codec->max_pixels = max_pixels;
  return avcodec_open2(codec.get(), decoder, nullptr) < 0 ? nullptr : std::move(codec);
}

bool is_interlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

bool is_top_first(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame.flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) != 0;
#else
  return frame.top_field_first != 0;
#endif
}

}  // namespace

HeadDecode decode_head(const AVStream* stream, std::span<const av::PacketPtr> packets, std::int64_t max_pixels,
                       int max_frames) {
  HeadDecode out;
  const auto codec = open_decoder(stream, max_pixels);
  const auto frame = av::make_frame();
  if (!codec || !frame) return out;
  const auto drain = [&] {
    while (static_cast<int>(out.frame_ticks.size()) < max_frames &&
           avcodec_receive_frame(codec.get(), frame.get()) >= 0) {
      out.width = frame->width;
      out.height = frame->height;
      out.pixel_format = frame->format;
      if (is_interlaced(*frame)) {
        if (!out.interlaced) out.top_first = is_top_first(*frame);
        out.interlaced = true;
      }
      if (!out.mastering) out.mastering = mastering_of(frame.get());
      out.frame_ticks.push_back(frame->best_effort_timestamp);
      av_frame_unref(frame.get());
    }
  };
  for (const auto& packet : packets) {
    if (static_cast<int>(out.frame_ticks.size()) >= max_frames) return out;
    avcodec_send_packet(codec.get(), packet.get());  // damage shows by what does not come out
    drain();
  }
  avcodec_send_packet(codec.get(), nullptr);
  drain();
  return out;
}

}  // namespace vf::media
