// Subtitle streams inside a video. libav's decoders speak one language, ASS events.
#include <algorithm>

#include <fmt/format.h>

#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/subtitles/cue.h"
#include "media/subtitles/markup.h"

namespace vf::media::subtitles {
namespace {

struct SubtitleFree {
  void operator()(AVSubtitle* s) const { avsubtitle_free(s); }
};

Result<av::CodecPtr> open_decoder(const AVStream* stream) {
  const auto* descriptor = avcodec_descriptor_get(stream->codecpar->codec_id);
  const auto* codec = av::allowed_decoder(stream->codecpar->codec_id);
  if (!codec || !descriptor || !(descriptor->props & AV_CODEC_PROP_TEXT_SUB))
    return fail(
        ErrorCode::unsupported_input,
        fmt::format("Subtitles coded as {} are not text and cannot become WebVTT; they can be burnt into the picture.",
                    avcodec_get_name(stream->codecpar->codec_id)));
  av::CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) return fail(ErrorCode::no_memory, "There is not enough memory to read the subtitles.");
  int code = avcodec_parameters_to_context(context.get(), stream->codecpar);
  context->pkt_timebase = stream->time_base;
  if (code >= 0) code = avcodec_open2(context.get(), codec, nullptr);
  if (code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_input, "The subtitles cannot be read: their description is damaged."));
  return context;
}

// "ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text": the ninth field.
std::string_view event_text(std::string_view event) {
  for (int commas = 0; commas < 8; ++commas) {
    const auto comma = event.find(',');
    if (comma == std::string_view::npos) return {};
    event.remove_prefix(comma + 1);
  }
  return event;
}

std::string text_of(const AVSubtitle& subtitle) {
  std::string out;
  for (unsigned i = 0; i < subtitle.num_rects; ++i) {
    const auto* rect = subtitle.rects[i];
    std::string text;
    if (rect->ass) {
      const std::string_view event(rect->ass);
      text = clean_ass_text(event_text(is_utf8(event) ? event : std::string_view(to_utf8(event))));
    } else if (rect->text) {
      text = clean_tagged_text(to_utf8(rect->text), false);
    }
    if (text.empty()) continue;
    if (!out.empty()) out += '\n';
    out += text;
  }
  return out;
}

}  // namespace

Result<WebVtt> stream_to_webvtt(int fd, const SubtitleSpec& spec) {
  auto input = VF_TRY(av::Input::open(fd));
  auto* stream = input.stream(spec.stream_index);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE)
    return fail(ErrorCode::invalid_argument, fmt::format("Stream {} is not a subtitle stream.", spec.stream_index));
  for (unsigned i = 0; i < input.get()->nb_streams; ++i)
    input.get()->streams[i]->discard = static_cast<int>(i) == spec.stream_index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  auto decoder = VF_TRY(open_decoder(stream));
  const Rational time_base{stream->time_base.num, stream->time_base.den};
  constexpr Rational kMilliseconds{1, 1000};

  std::vector<Cue> cues;
  int damaged = 0;
  auto packet = av::make_packet();
  while (VF_TRY(input.read(packet.get()))) {
    if (packet->stream_index == spec.stream_index && packet->pts != AV_NOPTS_VALUE &&
        static_cast<int>(cues.size()) <= 2 * kMaxCues) {
      AVSubtitle subtitle{};
      std::unique_ptr<AVSubtitle, SubtitleFree> owner(&subtitle);
      int got = 0;
      if (avcodec_decode_subtitle2(decoder.get(), &subtitle, &got, packet.get()) < 0) {
        ++damaged;
      } else if (got) {
        Cue cue;
        const auto shown = rescale(packet->pts, time_base, kMilliseconds);
        cue.start_ms = shown + subtitle.start_display_time;
        cue.end_ms = packet->duration > 0 ? shown + rescale(packet->duration, time_base, kMilliseconds)
                     : subtitle.end_display_time != UINT32_MAX ? shown + subtitle.end_display_time
                                                               : cue.start_ms;
        cue.text = text_of(subtitle);
        // Text-less samples in MP4 end the cue before them by their own start: nothing to keep.
        if (!cue.text.empty()) cues.push_back(std::move(cue));
      }
    }
    av_packet_unref(packet.get());
  }
  auto out = write_document(std::move(cues), spec);
  if (damaged > 0)
    out.warnings.push_back({"subtitles-damaged", fmt::format("{} subtitles could not be read.", damaged)});
  return out;
}

}  // namespace vf::media::subtitles
