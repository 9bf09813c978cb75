#include "media/probe/color.h"

#include <algorithm>
#include <string_view>

#include "media/av/ptr.h"

extern "C" {
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

std::string name_or_unknown(const char* name) {
  return name && std::string_view(name) != "unspecified" && std::string_view(name) != "reserved" ? name : "unknown";
}

// Side data of the stream as a whole; libav 6.1 moved it to the codec parameters.
template <typename T>
const T* side_data(const AVStream* stream, AVPacketSideDataType type) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const auto* parameters = stream->codecpar;
  const auto* found = av_packet_side_data_get(parameters->coded_side_data, parameters->nb_coded_side_data, type);
  return found && found->size >= sizeof(T) ? reinterpret_cast<const T*>(found->data) : nullptr;
#else
  std::size_t size = 0;
  const auto* data = av_stream_get_side_data(stream, type, &size);
  return data && size >= sizeof(T) ? reinterpret_cast<const T*>(data) : nullptr;
#endif
}

double number(AVRational r) { return r.den == 0 ? 0 : av_q2d(r); }

std::optional<HdrMetadata> mastering_of(const AVMasteringDisplayMetadata* display,
                                        const AVContentLightMetadata* light) {
  if (!display && !light) return std::nullopt;
  HdrMetadata out;
  if (display && display->has_primaries) {
    for (const auto& primary : display->display_primaries)
      for (const auto& coordinate : primary) out.display_primaries.push_back(number(coordinate));
    for (const auto& coordinate : display->white_point) out.display_primaries.push_back(number(coordinate));
  }
  if (display && display->has_luminance) {
    out.min_luminance = number(display->min_luminance);
    out.max_luminance = number(display->max_luminance);
  }
  if (light) {
    out.max_cll = static_cast<int>(std::min(light->MaxCLL, 100'000U));
    out.max_fall = static_cast<int>(std::min(light->MaxFALL, 100'000U));
  }
  return out;
}

std::string chroma_of(const AVPixFmtDescriptor& format) {
  if (format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) return "rgb";
  if (format.nb_components < 3) return "gray";
  switch (format.log2_chroma_w << 4 | format.log2_chroma_h) {
    case 0x11:
      return "4:2:0";
    case 0x10:
      return "4:2:2";
    case 0x00:
      return "4:4:4";
    case 0x20:
      return "4:1:1";
    case 0x22:
      return "4:1:0";
    case 0x01:
      return "4:4:0";
    default:
      return "other";
  }
}

}  // namespace

ColorInfo color_of(const AVStream* stream) {
  const auto& p = *stream->codecpar;
  ColorInfo out;
  out.range = p.color_range == AVCOL_RANGE_JPEG ? "full" : p.color_range == AVCOL_RANGE_MPEG ? "limited" : "unknown";
  // The old "J" formats say by their name what the range field may leave out.
  if (out.range == "unknown")
    if (const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(p.format)))
      if (std::string_view(name).starts_with("yuvj")) out.range = "full";
  out.primaries = name_or_unknown(av_color_primaries_name(p.color_primaries));
  out.transfer = name_or_unknown(av_color_transfer_name(p.color_trc));
  out.matrix = name_or_unknown(av_color_space_name(p.color_space));
  out.mastering = mastering_of(side_data<AVMasteringDisplayMetadata>(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
                               side_data<AVContentLightMetadata>(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL));
  if (side_data<AVDOVIDecoderConfigurationRecord>(stream, AV_PKT_DATA_DOVI_CONF))
    out.hdr = "dolby-vision";
  else
    out.hdr = p.color_trc == AVCOL_TRC_SMPTE2084 ? "hdr10" : p.color_trc == AVCOL_TRC_ARIB_STD_B67 ? "hlg" : "sdr";
  return out;
}

std::optional<HdrMetadata> mastering_of(const AVFrame* frame) {
  const auto* display = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  const auto* light = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  return mastering_of(display ? reinterpret_cast<const AVMasteringDisplayMetadata*>(display->data) : nullptr,
                      light ? reinterpret_cast<const AVContentLightMetadata*>(light->data) : nullptr);
}

void describe_pixels(int pixel_format, VideoInfo& video) {
  const auto format = static_cast<AVPixelFormat>(pixel_format);
  const auto* descriptor = av_pix_fmt_desc_get(format);
  if (!descriptor) return;
  video.pixel_format = descriptor->name;
  video.bit_depth = descriptor->comp[0].depth;
  video.chroma = chroma_of(*descriptor);
  video.has_alpha = (descriptor->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

}  // namespace vf::media
