#include "media/decode/video_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/frame_time.h"
#include "media/av/ptr.h"
#include "media/decode/packet_source.h"

namespace vf::media {
namespace {

// Each goes back to one key frame more; a file that needs more than this is damaged there.
constexpr int kMaxEarlierStarts = 3;

// Decoders that make up for damage do it from whatever the other threads have by then: their pictures would
// differ from run to run.
bool conceals_damage(AVCodecID codec) {
  return codec != AV_CODEC_ID_HEVC && codec != AV_CODEC_ID_VP9 && codec != AV_CODEC_ID_AV1 &&
         codec != AV_CODEC_ID_PRORES && codec != AV_CODEC_ID_DNXHD;
}

Result<av::CodecPtr> open_decoder(const AVStream& stream, const VideoReaderOptions& options) {
  const auto& parameters = *stream.codecpar;
  const auto* decoder = av::allowed_decoder(parameters.codec_id);
  if (!decoder)
    return fail(ErrorCode::unsupported_input,
                fmt::format("The video codec {} is not among those that VideoForge decodes.",
                            avcodec_get_name(parameters.codec_id)));
  av::CodecPtr codec(avcodec_alloc_context3(decoder));
  if (!codec) return fail(ErrorCode::no_memory, "There is not enough memory to decode the video.");
  if (const int code = avcodec_parameters_to_context(codec.get(), &parameters); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_input, "The video stream's description is damaged."));
  codec->pkt_timebase = stream.time_base;
  codec->max_pixels = options.max_pixels;
  codec->thread_count = conceals_damage(stream.codecpar->codec_id) ? 1 : options.threads;
  codec->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  codec->lowres = std::min<int>(options.lowres, decoder->max_lowres);
  if (options.key_frames_only)
    codec->skip_frame = AVDISCARD_NONKEY;
  else if (options.skip_non_reference)
    codec->skip_frame = AVDISCARD_NONREF;
  if (const int code = avcodec_open2(codec.get(), decoder, nullptr); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_input, fmt::format("The {} video cannot be decoded.", decoder->name)));
  return codec;
}

// Whether pictures that the stream calls non-reference can be left undecoded while others after them
// are wanted. HEVC's may be needed by pictures of higher sub-layers (ITU-T H.265 3.150), libav's MPEG-2
// decoder then swallows the last picture, and other decoders do not look.
bool non_reference_is_spare(AVCodecID codec) { return codec == AV_CODEC_ID_H264; }

// libav's H.264 decoder counts pictures as recovered only once the key frame before them, if it is no
// IDR, went out; when it is drained it would swallow those that were decoded before that.
bool holds_back_unrecovered(AVCodecID codec) { return codec == AV_CODEC_ID_H264; }

}  // namespace

struct VideoReader::State {
  VideoReaderOptions options;
  VideoReaderStats stats;
  PacketSource source;
  av::CodecPtr codec;
  av::PacketPtr packet = av::make_packet();
  av::FramePtr decoded = av::make_frame();
  av::FramePtr delivered = av::make_frame();
  av::FramePtr before = av::make_frame();  // the last picture before the start, for `neighbours`
  bool has_before = false;
  bool held = false;      // `decoded` is the next to deliver: `before` went first
  bool draining = false;  // the decoder was told that no packets follow
  bool finished = false;
  bool past_end = false;  // one picture after the end went out
  int earlier_starts = 0;
  std::int64_t frame_ticks = 0;            // nominal duration of a frame, 0 = unknown
  std::int64_t last_pts = AV_NOPTS_VALUE;  // of the last picture, delivered or before the start
  std::optional<std::int64_t> first_fed;   // earliest wanted time among the packets fed
  bool started = false;                    // a wanted picture came
  bool recovered = false;                  // a picture came that depends on nothing before the start
  bool all_have_pts = true;

  State(PacketSource packets, const VideoReaderOptions& o) : options(o), source(std::move(packets)) {}

  bool wanted(std::int64_t pts) const { return !options.start_ticks || pts >= *options.start_ticks; }
  bool chosen(std::int64_t pts) const { return options.only.empty() || std::ranges::binary_search(options.only, pts); }
  bool ended(std::int64_t pts) const { return options.end_ticks && pts >= *options.end_ticks; }
  bool every_frame() const { return !options.key_frames_only && !options.skip_non_reference; }
  // Decoded only to be thrown away, if nothing else needs it.
  bool spare(const AVPacket& p) const {
    return p.pts != AV_NOPTS_VALUE && every_frame() && non_reference_is_spare(codec->codec_id) &&
           (!chosen(p.pts) || (!options.neighbours && !wanted(p.pts)));
  }

  Result<void> feed();
  Result<bool> decode();
  bool give_time(AVFrame& frame);
  bool is_whole(AVFrame& frame);
  void restart_decoder();
  Result<bool> starts_too_late(std::optional<std::int64_t> pts);
  AVFrame* deliver(av::FramePtr& frame);
};

// Sends one packet, or the end, to the decoder.
Result<void> VideoReader::State::feed() {
  while (VF_TRY(source.next(packet.get()))) {
    if (options.key_frames_only && !(packet->flags & AV_PKT_FLAG_KEY)) continue;
    all_have_pts = all_have_pts && packet->pts != AV_NOPTS_VALUE;
    // Decode order: all that is shown before the end was sent when a packet is decoded after it.
    if (all_have_pts && !options.neighbours && packet->dts != AV_NOPTS_VALUE && ended(packet->dts)) break;
    if (every_frame()) codec->skip_frame = spare(*packet) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    if (packet->pts != AV_NOPTS_VALUE && wanted(packet->pts) && chosen(packet->pts) &&
        !(packet->flags & AV_PKT_FLAG_DISCARD))
      first_fed = std::min(first_fed.value_or(packet->pts), packet->pts);
    const int code = avcodec_send_packet(codec.get(), packet.get());
    if (code == AVERROR(ENOMEM)) return std::unexpected(av::error_from(code, ErrorCode::no_memory, "decode the video"));
    if (code >= 0) return {};
    ++stats.decode_errors;
  }
  draining = true;
  if (holds_back_unrecovered(codec->codec_id)) codec->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  avcodec_send_packet(codec.get(), nullptr);
  return {};
}

void VideoReader::State::restart_decoder() {
  avcodec_flush_buffers(codec.get());
  codec->flags &= ~AV_CODEC_FLAG_OUTPUT_CORRUPT;
  recovered = has_before = draining = false;
  first_fed.reset();
  last_pts = AV_NOPTS_VALUE;
}

// False for a picture that needs others from before the start.
bool VideoReader::State::is_whole(AVFrame& frame) {
  const bool marked = draining && holds_back_unrecovered(codec->codec_id) && (frame.flags & AV_FRAME_FLAG_CORRUPT) &&
                      frame.decode_error_flags == 0;
  if (!marked) return recovered = true;
  if (recovered) frame.flags &= ~AV_FRAME_FLAG_CORRUPT;
  return recovered;
}

// The decoder's next picture in `decoded`; false at the end.
Result<bool> VideoReader::State::decode() {
  for (;;) {
    const int code = avcodec_receive_frame(codec.get(), decoded.get());
    if (code >= 0) return true;
    if (code == AVERROR_EOF) return false;
    if (code == AVERROR(ENOMEM)) return std::unexpected(av::error_from(code, ErrorCode::no_memory, "decode the video"));
    if (code != AVERROR(EAGAIN)) {
      ++stats.decode_errors;
      if (draining) return false;
    }
    if (draining && code == AVERROR(EAGAIN)) return false;
    VF_CHECK(feed());
  }
}

// Sets a time stamp above the last one; false where the picture repeats a time that was delivered.
bool VideoReader::State::give_time(AVFrame& frame) {
  auto duration = av::frame_duration(frame);
  if (duration <= 0) duration = frame_ticks;
  auto pts = frame.best_effort_timestamp;
  if (pts == AV_NOPTS_VALUE) {
    ++stats.repaired_times;
    pts = last_pts == AV_NOPTS_VALUE ? source.first_time() : last_pts + std::max<std::int64_t>(duration, 1);
  }
  if (last_pts != AV_NOPTS_VALUE && pts <= last_pts) {
    ++stats.duplicates;
    return false;
  }
  last_pts = frame.pts = pts;
  av::set_frame_duration(frame, duration);
  return true;
}

// A first picture (or none) later than a packet that was fed for the wanted range: the decoder was still
// recovering (a recovery point, ITU-T H.264 D.2.8), so decoding must begin earlier.
Result<bool> VideoReader::State::starts_too_late(std::optional<std::int64_t> pts) {
  if (started || !options.start_ticks || !every_frame() || !first_fed || (pts && *pts <= *first_fed)) return false;
  if (earlier_starts >= kMaxEarlierStarts || !VF_TRY(source.begin_earlier())) return false;
  ++earlier_starts;
  restart_decoder();
  return true;
}

AVFrame* VideoReader::State::deliver(av::FramePtr& frame) {
  std::swap(frame, delivered);
  if (delivered->flags & AV_FRAME_FLAG_CORRUPT || delivered->decode_error_flags != 0) ++stats.corrupt_frames;
  ++stats.delivered;
  return delivered.get();
}

VideoReader::VideoReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

Result<VideoReader> VideoReader::create(int fd, int stream_index, const VideoReaderOptions& options) {
  auto source = VF_TRY(PacketSource::open(fd, stream_index, options.parts));
  const auto& parameters = *source.stream()->codecpar;
  if (static_cast<std::int64_t>(parameters.width) * parameters.height > options.max_pixels)
    return fail(ErrorCode::limit_exceeded, fmt::format("The pictures are {} x {}; the limit is {} pixels.",
                                                       parameters.width, parameters.height, options.max_pixels));
  auto state = std::make_unique<State>(std::move(source), options);
  if (!state->packet || !state->decoded || !state->delivered || !state->before)
    return fail(ErrorCode::no_memory, "There is not enough memory to decode the video.");
  auto* stream = state->source.stream();
  state->codec = VF_TRY(open_decoder(*stream, options));
  const auto rate = av_guess_frame_rate(nullptr, stream, nullptr);
  if (rate.num > 0 && rate.den > 0) state->frame_ticks = av_rescale_q(1, av_inv_q(rate), stream->time_base);
  if (options.start_ticks) VF_CHECK(state->source.begin_at(*options.start_ticks));
  return VideoReader(std::move(state));
}

Result<void> VideoReader::move_to(std::int64_t start, std::int64_t end, std::vector<std::int64_t> only) {
  auto& s = *state_;
  s.options.start_ticks = start;
  s.options.end_ticks = end;
  s.options.only = std::move(only);
  s.restart_decoder();
  s.held = s.finished = s.past_end = s.started = false;
  s.earlier_starts = 0;
  s.all_have_pts = true;
  return s.source.begin_at(start);
}

Result<AVFrame*> VideoReader::next() {
  auto& s = *state_;
  if (s.held) {
    s.held = false;
    s.past_end = s.ended(s.decoded->pts);
    return s.deliver(s.decoded);
  }
  while (!s.finished && !s.past_end) {
    if (!VF_TRY(s.decode())) {
      if (VF_TRY(s.starts_too_late({}))) continue;
      break;
    }
    auto& frame = *s.decoded;
    if (frame.flags & AV_FRAME_FLAG_DISCARD || !s.is_whole(frame) || !s.give_time(frame)) continue;
    if (!s.wanted(frame.pts)) {
      std::swap(s.before, s.decoded);
      s.has_before = true;
      continue;
    }
    if (!s.chosen(frame.pts) && !s.ended(frame.pts)) continue;
    if (VF_TRY(s.starts_too_late(frame.pts))) continue;
    const bool first = !std::exchange(s.started, true);
    if (first && s.has_before && s.options.neighbours) {
      s.held = true;
      return s.deliver(s.before);
    }
    if (s.ended(frame.pts)) {
      s.finished = true;
      if (!s.options.neighbours) break;
    }
    return s.deliver(s.decoded);
  }
  s.finished = true;
  return nullptr;
}

const VideoReaderStats& VideoReader::stats() const {
  state_->stats.damaged_packets = state_->source.damaged();
  return state_->stats;
}
int VideoReader::stream_index() const { return state_->source.index(); }
Rational VideoReader::time_base() const {
  const auto base = state_->source.stream()->time_base;
  return {base.num, base.den};
}
const AVStream* VideoReader::stream() const { return state_->source.stream(); }

}  // namespace vf::media
