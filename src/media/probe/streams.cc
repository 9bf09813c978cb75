#include "media/probe/streams.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "media/av/allow.h"
#include "media/av/ptr.h"
#include "media/probe/color.h"
#include "media/probe/orientation.h"
#include "media/probe/text.h"

namespace vf::media {
namespace {

// A pixel thinner or wider than this is damage, not a format.
constexpr double kMaxAspect = 10;

std::string kind_of(const AVStream* stream) {
  if (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) return "cover";
  switch (stream->codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
      return "video";
    case AVMEDIA_TYPE_AUDIO:
      return "audio";
    case AVMEDIA_TYPE_SUBTITLE:
      return "subtitle";
    case AVMEDIA_TYPE_ATTACHMENT:
      return "attachment";
    default:
      return "data";
  }
}

std::string tag_text(std::uint32_t tag) {
  std::string out;
  for (; tag != 0; tag >>= 8) {
    const char c = static_cast<char>(tag & 0xFF);
    if (c < 0x20 || c > 0x7E) return {};
    out += c;
  }
  return out;
}

Orientation stream_orientation(const AVStream* stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const auto* parameters = stream->codecpar;
  const auto* found =
      av_packet_side_data_get(parameters->coded_side_data, parameters->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const auto* data = found ? found->data : nullptr;
  const std::size_t size = found ? found->size : 0;
#else
  std::size_t size = 0;
  const auto* data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  if (!data || size < 9 * sizeof(std::int32_t)) return {};
  return orientation_of(std::span<const std::int32_t, 9>(reinterpret_cast<const std::int32_t*>(data), 9));
}

std::string field_order_of(AVFieldOrder order) {
  switch (order) {
    case AV_FIELD_TT:
    case AV_FIELD_BT:
      return "top-first";
    case AV_FIELD_BB:
    case AV_FIELD_TB:
      return "bottom-first";
    default:
      return "progressive";
  }
}

VideoInfo describe_video(AVFormatContext* context, AVStream* stream) {
  const auto& p = *stream->codecpar;
  VideoInfo out;
  out.width = p.width;
  out.height = p.height;
  const auto aspect = av_guess_sample_aspect_ratio(context, stream, nullptr);
  const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  if (aspect.num > 0 && aspect.den > 0 && ratio <= kMaxAspect && ratio >= 1 / kMaxAspect)
    out.sample_aspect = reduced({aspect.num, aspect.den});
  const auto orientation = stream_orientation(stream);
  out.rotation = orientation.rotation;
  out.mirrored = orientation.mirrored;
  out.nominal_rate = reduced({stream->r_frame_rate.num, stream->r_frame_rate.den});
  out.average_rate = reduced({stream->avg_frame_rate.num, stream->avg_frame_rate.den});
  for (auto* rate : {&out.nominal_rate, &out.average_rate})
    if (!rate->valid()) *rate = {0, 1};
  describe_pixels(p.format, out);
  out.field_order = field_order_of(p.field_order);
  out.color = color_of(stream);
  out.gop.b_frame_depth = p.video_delay;
  set_display_size(out);
  return out;
}

AudioInfo describe_audio(const AVCodecParameters& p) {
  AudioInfo out;
  out.sample_rate = p.sample_rate;
  out.channels = p.ch_layout.nb_channels;
  std::array<char, 128> name{};
  if (av_channel_layout_describe(&p.ch_layout, name.data(), name.size()) > 0) out.layout = name.data();
  if (const char* format = av_get_sample_fmt_name(static_cast<AVSampleFormat>(p.format))) out.sample_format = format;
  return out;
}

}  // namespace

std::string tag_of(const void* dictionary, const char* key, const ProbeLimits& limits, bool& cut) {
  const auto* entry = av_dict_get(static_cast<const AVDictionary*>(dictionary), key, nullptr, 0);
  return entry ? clean_text(entry->value, static_cast<std::size_t>(limits.max_text_bytes), cut) : std::string();
}

void set_display_size(VideoInfo& video) {
  const double wide = video.width * video.sample_aspect.value();
  video.display_width = std::max(1, static_cast<int>(std::lround(wide)));
  video.display_height = std::max(1, video.height);
  if (video.rotation % 180 != 0) std::swap(video.display_width, video.display_height);
}

StreamInfo describe_stream(AVFormatContext* context, AVStream* stream, const ProbeLimits& limits, bool& cut) {
  const auto& p = *stream->codecpar;
  StreamInfo out;
  out.index = stream->index;
  out.kind = kind_of(stream);
  out.codec = avcodec_get_name(p.codec_id);
  out.codec_tag = tag_text(p.codec_tag);
  if (const char* profile = avcodec_profile_name(p.codec_id, p.profile)) out.profile = profile;
  out.level = std::max(0, p.level);
  out.decodable = av::allowed_decoder(p.codec_id) != nullptr;
  out.time_base = {stream->time_base.num, stream->time_base.den};
  out.language = tag_of(stream->metadata, "language", limits, cut);
  if (out.language.empty()) out.language = "und";
  out.title = tag_of(stream->metadata, "title", limits, cut);
  if (out.title.empty() && out.kind != "attachment") {
    // MP4 keeps a track's name in the handler, next to what every tool writes there by itself.
    const auto handler = tag_of(stream->metadata, "handler_name", limits, cut);
    if (!handler.contains("Handler") && !handler.contains("handler") && !handler.contains("Core Media") &&
        !handler.contains("GPAC"))
      out.title = handler;
  }
  out.is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
  out.is_forced = (stream->disposition & AV_DISPOSITION_FORCED) != 0;
  if (out.kind == "subtitle") {
    const auto* descriptor = avcodec_descriptor_get(p.codec_id);
    out.text_subtitle = out.decodable && descriptor && (descriptor->props & AV_CODEC_PROP_TEXT_SUB) != 0;
  }
  if (out.kind == "video" || out.kind == "cover") out.video = describe_video(context, stream);
  if (out.kind == "audio") out.audio = describe_audio(p);
  return out;
}

}  // namespace vf::media
