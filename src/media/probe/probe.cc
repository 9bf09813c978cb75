#include "media/probe/probe.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "media/av/allow.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/probe/claims.h"
#include "media/probe/color.h"
#include "media/probe/facts.h"
#include "media/probe/head_decode.h"
#include "media/probe/loudness.h"
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

// The stream a player shows: the default one, else the first. A stream of known size is preferred.
int choose_main(const std::vector<StreamInfo>& streams) {
  MediaInfo view;
  view.streams = streams;
  const auto* main = view.main_video();
  return main ? main->index : -1;
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
  if (trail.leading_at_start || !trail.starts_with_key) return INT32_MAX;
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
