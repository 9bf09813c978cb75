#include "media/probe/probe.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/av/allow.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/probe/color.h"
#include "media/probe/head_decode.h"
#include "media/probe/loudness.h"
#include "media/probe/mp4_boxes.h"
#include "media/probe/packets.h"
#include "media/probe/sniff.h"
#include "media/probe/streams.h"
#include "media/probe/timing.h"
#include "media/probe/warnings.h"

namespace vf::media {
namespace {

// Largest single buffer libav may take: two bytes for each pixel of the largest picture, and sample
// tables of a day at 60 frames per second.
constexpr std::size_t kMaxAllocation = 160U << 20;

// --- before libav ---

Result<std::optional<Mp4Boxes>> check_boxes(int fd) {
  auto boxes = VF_TRY(read_mp4_boxes(fd));
  if (!boxes) return boxes;
  if (boxes->refers_elsewhere)
    return fail(ErrorCode::unsupported_input,
                "This is a QuickTime reference movie: it only points at other files, which VideoForge never opens.");
  if (!boxes->has_moov)
    return fail(ErrorCode::invalid_input,
                boxes->fragmented ? "This is a media segment without its header (moov): give the whole file, or the "
                                    "header and the segments joined."
                                  : "The index (moov) is missing: the upload or recording was cut off before its end.");
  if (boxes->moov_cut && !boxes->has_mdat)
    return fail(ErrorCode::invalid_input,
                "The file ends inside its index (moov): the upload was cut off near its beginning.");
  for (const auto& track : boxes->tracks)
    if (!track.protection.empty())
      return fail(ErrorCode::unsupported_input,
                  fmt::format("The video is encrypted (DRM, scheme {}); VideoForge reads only media in the clear.",
                              track.protection));
  return boxes;
}

// --- claims, before any packet ---

Result<void> check_size(const AVCodecParameters& p, const ProbeLimits& limits) {
  if (p.width > limits.max_side || p.height > limits.max_side)
    return fail(ErrorCode::limit_exceeded, fmt::format("The picture is {}x{}; no side may exceed {} (max_side).",
                                                       p.width, p.height, limits.max_side));
  if (static_cast<std::int64_t>(p.width) * p.height > limits.max_pixels)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("The picture is {}x{}, {} pixels; the limit is {} (max_pixels).", p.width, p.height,
                            static_cast<std::int64_t>(p.width) * p.height, limits.max_pixels));
  return {};
}

Result<void> check_claims(av::Input& input, const ProbeLimits& limits) {
  for (int i = 0; i < static_cast<int>(input.get()->nb_streams); ++i) {
    auto* stream = input.stream(i);
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    VF_CHECK(check_size(*stream->codecpar, limits));
    const std::int64_t entries = avformat_index_get_entries_count(stream);
    if (entries > limits.max_frames)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("The index lists {} frames; the limit is {} (max_frames).", entries, limits.max_frames));
    if (entries > 1000 && entries > input.bytes())
      return fail(
          ErrorCode::invalid_input,
          fmt::format("The index lists {} frames in a file of {} bytes, which cannot be.", entries, input.bytes()));
  }
  return {};
}

// The stream a player shows: the default one, else the first. A stream of known size is preferred.
int choose_main(const std::vector<StreamInfo>& streams) {
  MediaInfo view;
  view.streams = streams;
  const auto* main = view.main_video();
  return main ? main->index : -1;
}

// An index that says everything: MP4 without fragments, in codecs whose parsers (libav runs them for key
// flags) need the beginning of a packet only, and that keep their parameter sets out of the packets.
bool index_tells_all(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined) {
  if (!boxes || boxes->fragmented || !std::string_view(input.get()->iformat->name).starts_with("mov")) return false;
  constexpr std::array kHeadersParsed{AV_CODEC_ID_H264, AV_CODEC_ID_HEVC};
  constexpr std::array kNeverParsed{AV_CODEC_ID_PRORES, AV_CODEC_ID_DNXHD, AV_CODEC_ID_MJPEG, AV_CODEC_ID_DVVIDEO};
  constexpr std::array kSmallAudio{AV_CODEC_ID_AAC,       AV_CODEC_ID_AC3,       AV_CODEC_ID_EAC3,
                                   AV_CODEC_ID_ALAC,      AV_CODEC_ID_OPUS,      AV_CODEC_ID_PCM_S16LE,
                                   AV_CODEC_ID_PCM_S16BE, AV_CODEC_ID_PCM_S24LE, AV_CODEC_ID_PCM_S24BE};
  const auto has = [](const auto& list, AVCodecID id) { return std::ranges::find(list, id) != list.end(); };
  for (int i = 0; i < examined; ++i) {
    auto* stream = input.stream(i);
    const auto& p = *stream->codecpar;
    if (stream->discard == AVDISCARD_ALL) continue;
    if (p.codec_type == AVMEDIA_TYPE_AUDIO && has(kSmallAudio, p.codec_id)) continue;
    if (p.codec_type != AVMEDIA_TYPE_VIDEO || p.codec_tag == MKTAG('a', 'v', 'c', '3') ||
        p.codec_tag == MKTAG('h', 'e', 'v', '1'))
      return false;
    if (has(kHeadersParsed, p.codec_id)) continue;
    if (!has(kNeverParsed, p.codec_id) || av_stream_get_parser(stream)) return false;
  }
  return true;
}

// Streams that are not examined, and data tracks of MP4, are not read: their index is enough.
void discard_unread(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined) {
  for (int i = 0; i < static_cast<int>(input.get()->nb_streams); ++i) {
    auto* stream = input.stream(i);
    const bool indexed = boxes && avformat_index_get_entries_count(stream) > 0;
    const bool data =
        stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO && stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO;
    if (i >= examined || (indexed && data)) stream->discard = AVDISCARD_ALL;
  }
}

// --- results ---

std::string container_name(const AVInputFormat& format, const std::optional<Mp4Boxes>& boxes, int fd) {
  const std::string_view names = format.name;
  if (names.starts_with("mov")) {
    if (!boxes || boxes->brand.empty() || boxes->brand == "qt  ") return "mov";
    return boxes->brand.starts_with("3g") ? "3gp" : "mp4";
  }
  if (names.starts_with("matroska")) {
    // The document type stands in the EBML header, the first bytes of the file (RFC 8794 11.2.4).
    std::array<std::uint8_t, 128> head{};
    const auto got = read_at(fd, head, 0);
    const std::string_view text(reinterpret_cast<const char*>(head.data()), got ? *got : 0);
    return text.contains("webm") ? "webm" : "matroska";
  }
  return std::string(names.substr(0, names.find(',')));
}

void fill_counts(const StreamCount& row, AVStream* stream, StreamInfo& info) {
  info.packets = row.packets;
  info.bytes = row.bytes;
  if (row.packets == 0 && stream->discard == AVDISCARD_ALL) {
    info.packets = avformat_index_get_entries_count(stream);
    for (int i = 0; i < info.packets; ++i) info.bytes += avformat_index_get_entry(stream, i)->size;
    if (info.packets > 0) {
      info.start_ticks = avformat_index_get_entry(stream, 0)->timestamp;
      info.start_seconds = static_cast<double>(info.start_ticks) * info.time_base.value();
      if (stream->duration > 0) info.duration_seconds = static_cast<double>(stream->duration) * info.time_base.value();
    }
  }
  if (row.first_ticks != AV_NOPTS_VALUE) {
    info.start_ticks = row.first_ticks;
    info.start_seconds = static_cast<double>(row.first_ticks) * info.time_base.value();
    info.duration_seconds = std::max(
        0.0, (static_cast<double>(row.end_ticks) - static_cast<double>(row.first_ticks)) * info.time_base.value());
  }
  if (info.duration_seconds > 0)
    info.bit_rate = std::llround(static_cast<double>(info.bytes) * 8 / info.duration_seconds);
  if (!row.second_bytes.empty())
    info.peak_bit_rate = std::max(info.bit_rate, 8 * *std::ranges::max_element(row.second_bytes));
}

void fill_chapters(const AVFormatContext& context, const ProbeLimits& limits, MediaInfo& info, bool& cut) {
  const auto count = std::min<std::size_t>(context.nb_chapters, static_cast<std::size_t>(limits.max_chapters));
  for (std::size_t i = 0; i < count; ++i) {
    const auto& chapter = *context.chapters[i];
    const double tick = av_q2d(chapter.time_base);
    const auto seconds = [&](std::int64_t t) {
      return t == AV_NOPTS_VALUE || !std::isfinite(tick) ? 0 : static_cast<double>(t) * tick;
    };
    info.chapters.push_back(
        {seconds(chapter.start), seconds(chapter.end), tag_of(chapter.metadata, "title", limits, cut)});
  }
}

void fill_edits(av::Input& input, const Mp4Boxes& boxes, MediaInfo& info) {
  for (const auto& stream : info.streams)
    for (const auto& track : boxes.tracks)
      if (input.stream(stream.index)->id == static_cast<int>(track.id))
        for (const auto& edit : track.edits)
          info.edits.push_back({stream.index, edit.media_seconds, edit.duration_seconds});
}

void fill_attachments(av::Input& input, const ProbeLimits& limits, MediaInfo& info, bool& cut) {
  for (const auto& stream : info.streams) {
    const auto* source = input.stream(stream.index);
    if (stream.kind != "attachment" &&
        !(stream.kind == "cover" && av_dict_get(source->metadata, "filename", nullptr, 0)))
      continue;
    const std::int64_t bytes = stream.kind == "cover" ? source->attached_pic.size : source->codecpar->extradata_size;
    info.attachments.push_back({stream.index, tag_of(source->metadata, "filename", limits, cut),
                                tag_of(source->metadata, "mimetype", limits, cut), bytes});
  }
}

// Field order, and what the header left open, as the decoder sees it.
void apply_head(const HeadDecode& head, StreamInfo& stream) {
  auto& video = *stream.video;
  if (head.frame_ticks.empty()) return;
  if (video.width <= 0) {
    video.width = head.width;
    video.height = head.height;
    set_display_size(video);
  }
  if (video.pixel_format.empty()) describe_pixels(head.pixel_format, video);
  if (!video.color.mastering) video.color.mastering = head.mastering;
  if (head.interlaced) video.field_order = head.top_first ? "top-first" : "bottom-first";
}

// Progressive by the codec's own word needs no look; a start that may not decode whole does.
int frames_to_look_at(const FrameTrail& trail, const AVStream* stream) {
  const auto& p = *stream->codecpar;
  if (trail.leading || !trail.starts_with_key) return INT32_MAX;
  if (p.format < 0 || p.width <= 0 || p.color_trc == AVCOL_TRC_SMPTE2084) return 1;
  constexpr std::array kMayInterlace{AV_CODEC_ID_H264,    AV_CODEC_ID_HEVC,  AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4,
                                     AV_CODEC_ID_DVVIDEO, AV_CODEC_ID_VC1,   AV_CODEC_ID_WMV3,       AV_CODEC_ID_PRORES,
                                     AV_CODEC_ID_DNXHD,   AV_CODEC_ID_MJPEG, AV_CODEC_ID_FFV1};
  const bool may = std::ranges::find(kMayInterlace, p.codec_id) != kMayInterlace.end();
  return may && p.field_order != AV_FIELD_PROGRESSIVE ? 2 : 0;
}

Result<void> check_measured(const FrameTiming& timing, const MediaInfo& info, const ProbeLimits& limits) {
  if (timing.index.frame_ticks.size() > 3 && timing.measured_rate > limits.max_frame_rate)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("The video shows {} frames per second; the limit is {:.0f} (max_frame_rate).",
                            std::isfinite(timing.measured_rate) ? fmt::format("{:.0f}", timing.measured_rate)
                                                                : "endlessly many",
                            limits.max_frame_rate));
  if (info.duration_seconds > limits.max_duration_seconds)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("The video lasts {:.0f} s; the limit is {:.0f} s (max_duration_seconds).",
                            info.duration_seconds, limits.max_duration_seconds));
  return {};
}

// From the first start to the last end of sound and pictures.
void set_span(MediaInfo& info) {
  double first = HUGE_VAL, last = -HUGE_VAL;
  for (const auto& s : info.streams) {
    if ((s.kind != "video" && s.kind != "audio") || s.packets == 0) continue;
    first = std::min(first, s.start_seconds);
    last = std::max(last, s.start_seconds + s.duration_seconds);
  }
  if (last < first) return;
  info.start_seconds = first;
  info.duration_seconds = last - first;
  if (info.duration_seconds > 0)
    info.bit_rate = std::llround(static_cast<double>(info.bytes) * 8 / info.duration_seconds);
}

// Frames over the time they cover: exact where the fraction is a handy one, else to a thousandth.
Rational mean_rate(std::int64_t frames, const VideoIndex& index) {
  constexpr double kHandy = 1e9;
  const double num = static_cast<double>(frames) * static_cast<double>(index.time_base.den);
  const double den =
      static_cast<double>(index.end_ticks - index.first_ticks) * static_cast<double>(index.time_base.num);
  if (num < kHandy && den < kHandy && den > 0)
    return reduced({static_cast<std::int64_t>(num), static_cast<std::int64_t>(den)});
  return reduced({std::llround(std::min(num / den, kHandy) * 1000), 1000});
}

// Everything of the main video that the packets tell.
FrameTiming fill_video(PacketPass& pass, AVStream* stream, const ProbeLimits& limits, StreamInfo& info) {
  auto& trail = pass.frames;
  auto& video = *info.video;
  HeadDecode head;
  const int look = frames_to_look_at(trail, stream);
  if (look > 0) head = decode_head(stream, trail.head, limits.max_pixels, look);
  apply_head(head, info);
  trail.head.clear();
  video.gop.closed = !trail.leading && !(trail.guessed > 0 && video.gop.b_frame_depth > 0);
  video.gop.constant_parameter_sets = !trail.parameters_changed;
  auto timing = time_frames(std::move(trail), stream, look == INT32_MAX ? &head : nullptr);
  measure_gops(timing, video.gop);
  const auto& index = timing.index;
  video.frames = static_cast<std::int64_t>(index.frame_ticks.size());
  video.variable_rate = timing.variable_rate;
  if (video.frames > 0) {
    const double tick = index.time_base.value();
    info.start_ticks = index.first_ticks;
    info.start_seconds = static_cast<double>(index.first_ticks) * tick;
    info.duration_seconds = static_cast<double>(index.end_ticks - index.first_ticks) * tick;
    const bool steady =
        !video.variable_rate && video.nominal_rate.valid() && info.duration_seconds > 0 &&
        std::abs(static_cast<double>(video.frames) / info.duration_seconds / video.nominal_rate.value() - 1) < 0.005;
    // Rounded time stamps give odd fractions; a steady video's average is its nominal rate.
    if (steady)
      video.average_rate = video.nominal_rate;
    else if (info.duration_seconds > 0)
      video.average_rate = mean_rate(video.frames, index);
  }
  if (video.width <= 0 || video.pixel_format.empty()) info.decodable = false;
  return timing;
}

double claimed_seconds(const AVFormatContext& context) {
  if (context.duration_estimation_method != AVFMT_DURATION_FROM_STREAM || context.duration <= 0) return 0;
  return static_cast<double>(context.duration) / AV_TIME_BASE;
}

Result<void> check_something_there(const MediaInfo& info, std::int64_t listed_frames) {
  if (const auto* video = info.main_video(); video && video->packets == 0 && listed_frames > 0)
    return fail(
        ErrorCode::invalid_input,
        fmt::format("The index lists {} frames, but not one of them is in the file: it was cut off near its beginning.",
                    listed_frames));
  bool packets = false;
  for (const auto& s : info.streams) packets = packets || ((s.kind == "video" || s.kind == "audio") && s.packets > 0);
  if (packets) return {};
  const bool any =
      std::ranges::any_of(info.streams, [](const auto& s) { return s.kind == "video" || s.kind == "audio"; });
  if (any)
    return fail(ErrorCode::invalid_input,
                "The file describes video or sound but holds none of it: the recording or the copy was cut off.");
  return fail(ErrorCode::invalid_input, "The file holds neither pictures nor sound.");
}

}  // namespace

Result<ProbeResult> probe(int fd, const ProbeOptions& options, const ProbeProgress& progress) {
  const auto& limits = options.limits;
  av_max_alloc(kMaxAllocation);
  VF_CHECK(sniff(fd));
  const auto boxes = VF_TRY(check_boxes(fd));

  av::InputOptions open;
  open.max_streams = limits.max_claimed_streams;
  open.max_pixels = limits.max_pixels;
  auto input = VF_TRY(av::Input::open(fd, open));
  VF_CHECK(check_claims(input, limits));
  const auto& context = *input.get();

  ProbeResult out;
  auto& info = out.info;
  bool cut = false;
  const int examined = std::min(static_cast<int>(context.nb_streams), limits.max_streams);
  for (int i = 0; i < examined; ++i) info.streams.push_back(describe_stream(input.get(), input.stream(i), limits, cut));
  const int main = choose_main(info.streams);

  PassOptions pass_options{main, examined, false, limits, {}};
  if (progress) pass_options.progress = [&](double f) { progress(options.loudness ? f / 10 : f); };
  discard_unread(input, boxes, examined);
  pass_options.may_skim = index_tells_all(input, boxes, examined);
  const std::int64_t claimed_packets =
      main >= 0 && boxes && !boxes->fragmented ? avformat_index_get_entries_count(input.stream(main)) : 0;
  auto pass = VF_TRY(read_packets(input, pass_options));

  info.bytes = input.bytes();
  info.container = container_name(*context.iformat, boxes, fd);
  info.container_long = context.iformat->long_name ? context.iformat->long_name : context.iformat->name;
  for (auto& stream : info.streams)
    fill_counts(pass.streams[static_cast<std::size_t>(stream.index)], input.stream(stream.index), stream);
  std::optional<FrameTiming> timing;
  const bool starts_with_key = pass.frames.starts_with_key;
  if (main >= 0) {
    timing = fill_video(pass, input.stream(main), limits, info.streams[static_cast<std::size_t>(main)]);
    if (timing->index.frame_ticks.empty()) timing->index.stream_index = -1;
  }
  for (auto& stream : info.streams)
    if (stream.video && (stream.video->width <= 0 || stream.video->pixel_format.empty())) stream.decodable = false;
  set_span(info);
  VF_CHECK(check_something_there(info, claimed_packets));
  if (timing) VF_CHECK(check_measured(*timing, info, limits));

  fill_chapters(context, limits, info, cut);
  fill_attachments(input, limits, info, cut);
  if (boxes) {
    info.faststart = boxes->moov_first;
    info.fragmented = boxes->fragmented;
    fill_edits(input, *boxes, info);
  }
  if (options.loudness) {
    const auto measured = VF_TRY(measure_loudness(fd, limits, [&](double f) {
      if (progress) progress(0.1 + 0.9 * f);
    }));
    for (auto& stream : info.streams)
      if (const auto found = measured.find(stream.index); stream.audio && found != measured.end())
        stream.audio->loudness = found->second;
  }
  add_warnings({&limits, &pass, timing ? &*timing : nullptr, boxes ? &*boxes : nullptr, claimed_seconds(context),
                claimed_packets, static_cast<int>(context.nb_streams), static_cast<int>(context.nb_chapters),
                input.damaged(), starts_with_key, cut},
               info);
  if (timing) out.index = std::move(timing->index);
  if (progress) progress(1);
  return out;
}

}  // namespace vf::media
