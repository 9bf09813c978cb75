#include "media/package/sample_entry.h"

#include <algorithm>
#include <bit>
#include <memory>

#include <fmt/format.h>

extern "C" {
#include <libavutil/opt.h>
}

#include "media/av/error.h"
#include "media/av/ptr.h"
#include "media/package/base64.h"
#include "media/package/box_writer.h"
#include "media/package/parse.h"

namespace vf::media {
namespace {

// What a track of this codec is called in the file (ISO/IEC 14496-15 and the codecs' own bindings).
struct CodecRow {
  AVCodecID id;
  TrackKind kind;
  const char (&tag)[5];
};
constexpr CodecRow kCodecs[] = {
    {AV_CODEC_ID_H264, TrackKind::video, "avc1"}, {AV_CODEC_ID_HEVC, TrackKind::video, "hvc1"},
    {AV_CODEC_ID_AV1, TrackKind::video, "av01"},  {AV_CODEC_ID_VP9, TrackKind::video, "vp09"},
    {AV_CODEC_ID_AAC, TrackKind::audio, "mp4a"},  {AV_CODEC_ID_OPUS, TrackKind::audio, "Opus"},
    {AV_CODEC_ID_AC3, TrackKind::audio, "ac-3"},  {AV_CODEC_ID_EAC3, TrackKind::audio, "ec-3"},
};

// Fixed part before the boxes inside an entry: VisualSampleEntry and AudioSampleEntry (version 0).
constexpr std::size_t kVisualEntryBytes = 78;

struct MuxerFree {
  void operator()(AVFormatContext* context) const {
    if (context->pb) {
      std::uint8_t* buffer = nullptr;
      avio_close_dyn_buf(context->pb, &buffer);
      av_free(buffer);
    }
    avformat_free_context(context);
  }
};
using MuxerPtr = std::unique_ptr<AVFormatContext, MuxerFree>;

Error refused(int averror) {
  return av::error_from(averror, ErrorCode::internal, "The stream's parameters cannot be written to an MP4 header.");
}

// libavformat's moov for one stream, made in memory. The header is delayed to the first packet, for
// codecs whose parameters stand only there.
Result<std::string> write_init_segment(const AVCodecParameters& parameters, std::uint32_t tag, int timescale,
                                       const SampleEntryOptions& options) {
  AVFormatContext* raw = nullptr;
  if (const int error = avformat_alloc_output_context2(&raw, nullptr, "mp4", nullptr); error < 0) {
    return std::unexpected(refused(error));
  }
  MuxerPtr muxer(raw);
  if (const int error = avio_open_dyn_buf(&muxer->pb); error < 0) return std::unexpected(refused(error));
  AVStream* stream = avformat_new_stream(muxer.get(), nullptr);
  if (!stream) return fail(ErrorCode::no_memory, "Memory is short.");
  if (const int error = avcodec_parameters_copy(stream->codecpar, &parameters); error < 0) {
    return std::unexpected(refused(error));
  }
  stream->codecpar->codec_tag = std::byteswap(tag);
  // The muxer only warns without it; what demuxers leave open does not reach the header.
  if (stream->codecpar->frame_size <= 0) stream->codecpar->frame_size = 1024;
  stream->time_base = {1, timescale};
  stream->sample_aspect_ratio = parameters.sample_aspect_ratio;
  if (options.frame_rate.valid()) {
    stream->avg_frame_rate = {static_cast<int>(options.frame_rate.num), static_cast<int>(options.frame_rate.den)};
  }
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  const bool delayed = !options.first_packet.empty();
  AVDictionary* dictionary = nullptr;
  av_dict_set(&dictionary, "movflags", delayed ? "delay_moov+default_base_moof" : "empty_moov+default_base_moof", 0);
  int error = avformat_write_header(muxer.get(), &dictionary);
  av_dict_free(&dictionary);
  if (error >= 0 && delayed) {
    const auto packet = av::make_packet();
    if (!packet || av_new_packet(packet.get(), static_cast<int>(options.first_packet.size())) < 0) {
      return fail(ErrorCode::no_memory, "Memory is short.");
    }
    std::ranges::copy(options.first_packet, packet->data);
    packet->pts = packet->dts = 0;
    packet->duration = parameters.frame_size > 0 ? parameters.frame_size : 1;
    packet->flags = AV_PKT_FLAG_KEY;
    error = av_write_frame(muxer.get(), packet.get());
    if (error >= 0) error = av_write_trailer(muxer.get());
  }
  if (error < 0) return std::unexpected(refused(error));
  std::uint8_t* buffer = nullptr;
  const int size = avio_close_dyn_buf(std::exchange(muxer->pb, nullptr), &buffer);
  std::string out(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(std::max(size, 0)));
  av_free(buffer);
  return out;
}

// The one entry of the first track's stsd.
Result<Box> find_entry(const std::string& file) {
  const auto missing = [] { return fail(ErrorCode::internal, "The muxer wrote no description of the stream."); };
  auto inside = as_bytes(file);
  for (const auto type :
       {fourcc("moov"), fourcc("trak"), fourcc("mdia"), fourcc("minf"), fourcc("stbl"), fourcc("stsd")}) {
    const auto boxes = VF_TRY(read_boxes(inside));
    const auto* box = find_box(boxes, type);
    if (!box) return missing();
    inside = box->body;
  }
  if (inside.size() < 8) return missing();
  const auto entries = VF_TRY(read_boxes(inside.subspan(8)));  // behind version, flags and entry count
  if (entries.empty()) return missing();
  return entries.front();
}

// SMPTE ST 2086 volumes in 1/50,000 of the chromaticity and 1/10,000 cd/m2, primaries in the order
// green, blue, red (ISO/IEC 14496-12 12.1.6); CTA-861.3 levels in cd/m2.
void add_hdr_boxes(BoxWriter& w, const std::vector<Box>& present, const HdrMetadata& hdr) {
  if (hdr.display_primaries.size() == 8 && hdr.max_luminance > 0 && !find_box(present, fourcc("mdcv"))) {
    const auto box = w.box("mdcv");
    for (const std::size_t i : {2, 3, 4, 5, 0, 1, 6, 7}) {
      w.u16(static_cast<std::uint64_t>(std::clamp(hdr.display_primaries[i], 0.0, 1.0) * 50'000 + 0.5));
    }
    for (const double luminance : {hdr.max_luminance, hdr.min_luminance}) {
      w.u32(static_cast<std::uint64_t>(std::clamp(luminance, 0.0, 400'000.0) * 10'000 + 0.5));
    }
  }
  if ((hdr.max_cll > 0 || hdr.max_fall > 0) && !find_box(present, fourcc("clli"))) {
    const auto box = w.box("clli");
    w.u16(static_cast<std::uint64_t>(std::clamp(hdr.max_cll, 0, 65'535)));
    w.u16(static_cast<std::uint64_t>(std::clamp(hdr.max_fall, 0, 65'535)));
  }
}

// ITU-T H.273 code points; libav's enumerations are these numbers.
void add_colour_box(BoxWriter& w, const AVCodecParameters& p) {
  const auto box = w.box("colr");
  w.text("nclx");
  w.u16(static_cast<std::uint64_t>(p.color_primaries));
  w.u16(static_cast<std::uint64_t>(p.color_trc));
  w.u16(static_cast<std::uint64_t>(p.color_space));
  w.u8(p.color_range == AVCOL_RANGE_JPEG ? 0x80 : 0);
}

bool has_colour(const AVCodecParameters& p) {
  return p.color_primaries != AVCOL_PRI_UNSPECIFIED || p.color_trc != AVCOL_TRC_UNSPECIFIED ||
         p.color_space != AVCOL_SPC_UNSPECIFIED;
}

// The entry again with what the muxer left out, and without `btrt`: its guess of the bit rate would be
// wrong, and differ between renditions of one codec for no reason.
Result<std::string> complete_video_entry(const Box& entry, const AVCodecParameters& parameters, Rational aspect,
                                         const SampleEntryOptions& options) {
  if (entry.body.size() < kVisualEntryBytes) return fail(ErrorCode::internal, "The muxer's sample entry is too short.");
  const auto boxes = VF_TRY(read_boxes(entry.body.subspan(kVisualEntryBytes)));
  std::string out;
  BoxWriter w(out);
  {
    std::string type;
    BoxWriter(type).u32(entry.type);
    const auto box = w.box(type);
    w.bytes(entry.body.first(kVisualEntryBytes));
    for (const auto& inner : boxes) {
      if (inner.type == fourcc("btrt") || inner.type == fourcc("pasp")) continue;
      w.bytes({inner.body.data() - (inner.size - inner.body.size()), inner.size});
    }
    if (has_colour(parameters) && !find_box(boxes, fourcc("colr"))) add_colour_box(w, parameters);
    {
      const auto pasp = w.box("pasp");
      w.u32(static_cast<std::uint64_t>(aspect.num));
      w.u32(static_cast<std::uint64_t>(aspect.den));
    }
    if (options.mastering) add_hdr_boxes(w, boxes, *options.mastering);
  }
  return out;
}

std::string video_range(const AVCodecParameters& p) {
  if (p.color_trc == AVCOL_TRC_SMPTE2084) return "PQ";
  if (p.color_trc == AVCOL_TRC_ARIB_STD_B67) return "HLG";
  return "SDR";
}

Rational aspect_of(const AVCodecParameters& p) {
  const Rational aspect = reduced({p.sample_aspect_ratio.num, p.sample_aspect_ratio.den});
  return aspect.valid() ? aspect : Rational{1, 1};
}

}  // namespace

Result<TrackFormat> make_track_format(const AVCodecParameters& parameters, int timescale,
                                      const SampleEntryOptions& options) {
  const auto* row = std::ranges::find(kCodecs, parameters.codec_id, &CodecRow::id);
  if (row == std::end(kCodecs)) {
    return fail(ErrorCode::unsupported_input,
                fmt::format("CMAF tracks of {} are not written.", avcodec_get_name(parameters.codec_id)));
  }
  if (timescale <= 0) return fail(ErrorCode::invalid_argument, "A track needs a timescale.");
  const auto init = VF_TRY(write_init_segment(parameters, fourcc(row->tag), timescale, options));
  const auto found = VF_TRY(find_entry(init));

  TrackFormat format;
  format.kind = row->kind;
  format.codec = avcodec_get_name(parameters.codec_id);
  format.timescale = timescale;
  std::string entry(init.data() + (found.body.data() - as_bytes(init).data()) - 8, found.body.size() + 8);
  if (row->kind == TrackKind::video) {
    format.width = parameters.width;
    format.height = parameters.height;
    format.sample_aspect = aspect_of(parameters);
    format.frame_rate = options.frame_rate.valid() ? reduced(options.frame_rate) : Rational{0, 1};
    format.video_range = video_range(parameters);
    entry = VF_TRY(complete_video_entry(found, parameters, format.sample_aspect, options));
  } else {
    format.sample_rate = parameters.sample_rate;
    format.channels = parameters.ch_layout.nb_channels;
  }
  format.codecs = codecs_string(entry);
  if (format.codecs.empty()) return fail(ErrorCode::internal, "The stream's codec string cannot be told.");
  format.sample_entry = base64_encode(entry);
  return format;
}

}  // namespace vf::media
