#include "media/audio/audio_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"

namespace vf::media::audio {
namespace {

constexpr int kMaxChannels = 64;
constexpr int kMaxSampleRate = 768'000;

Result<av::CodecPtr> open_decoder(const AVStream* stream) {
  const auto* parameters = stream->codecpar;
  const auto* codec = av::allowed_decoder(parameters->codec_id);
  if (!codec)
    return fail(ErrorCode::unsupported_input,
                fmt::format("The sound is coded as {}, which is not on the list of codecs that VideoForge reads.",
                            avcodec_get_name(parameters->codec_id)));
  av::CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) return fail(ErrorCode::no_memory, "There is not enough memory to decode the sound.");
  if (const int code = avcodec_parameters_to_context(context.get(), parameters); code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::invalid_input, "The sound's description is damaged."));
  context->pkt_timebase = stream->time_base;  // the decoder trims and stamps by it
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  context->request_sample_fmt = AV_SAMPLE_FMT_FLTP;
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_input, "The sound cannot be decoded: its description is damaged."));
  return context;
}

// Bytes of the AMR frame that begins with this byte (RFC 4867 5.3, storage format); 0 for other codecs.
// Phones put several into one packet, and libav's decoders read only the first.
int amr_frame_bytes(AVCodecID codec, std::uint8_t first) {
  static constexpr std::array<int, 16> kNarrow{13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1};
  static constexpr std::array<int, 16> kWide{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 6, 1, 1, 1, 1, 1};
  const auto type = static_cast<std::size_t>(first >> 3 & 15);
  if (codec == AV_CODEC_ID_AMR_NB) return kNarrow[type];
  if (codec == AV_CODEC_ID_AMR_WB) return kWide[type];
  return 0;
}

}  // namespace

struct AudioReader::State {
  av::Input input;
  int index;
  AVStream* stream;
  av::CodecPtr decoder;
  av::PacketPtr packet = av::make_packet();
  av::FramePtr frame = av::make_frame();
  Rational time_base;
  std::int64_t next_pts = AV_NOPTS_VALUE;  // where the block after the last one belongs
  std::int64_t packets = 0;
  int damaged = 0;
  int rest = 0;  // bytes of the packet that the decoder has not seen
  bool draining = false;

  bool usable() const {
    return frame->nb_samples > 0 && frame->ch_layout.nb_channels > 0 && frame->ch_layout.nb_channels <= kMaxChannels &&
           frame->sample_rate > 0 && frame->sample_rate <= kMaxSampleRate;
  }

  AudioBlock block_of_frame() {
    const auto stamp = frame->pts != AV_NOPTS_VALUE ? frame->pts : frame->best_effort_timestamp;
    const auto pts = stamp != AV_NOPTS_VALUE ? stamp : next_pts == AV_NOPTS_VALUE ? 0 : next_pts;
    const auto duration = rescale(frame->nb_samples, {1, frame->sample_rate}, time_base);
    next_pts = pts + duration;
    return {frame.get(), pts, duration};
  }

  AudioBlock lost_block() {
    ++damaged;
    const auto pts = packet->pts != AV_NOPTS_VALUE ? packet->pts : next_pts == AV_NOPTS_VALUE ? 0 : next_pts;
    const auto duration = std::max<std::int64_t>(packet->duration, 0);
    next_pts = pts + duration;
    return {nullptr, pts, duration};
  }

  // Hands the decoder the stream's next packet, or the end. False: the packet was damaged.
  Result<bool> feed() {
    if (rest > 0) return send_piece();
    for (;;) {
      av_packet_unref(packet.get());
      if (!VF_TRY(input.read(packet.get()))) {
        draining = true;
        avcodec_send_packet(decoder.get(), nullptr);
        return true;
      }
      if (packet->stream_index != index || packet->size == 0) continue;
      ++packets;
      rest = packet->size;
      return send_piece();
    }
  }

  // What is left of the packet, or its next frame where the codec's packets hold several.
  Result<bool> send_piece() {
    const auto frame_bytes = amr_frame_bytes(stream->codecpar->codec_id, packet->data[0]);
    const int piece = frame_bytes > 0 && frame_bytes < rest ? frame_bytes : rest;
    packet->size = piece;
    const int code = avcodec_send_packet(decoder.get(), packet.get());
    rest -= piece;
    packet->data += piece;
    packet->size = rest;
    // Only the first frame of a packet has the packet's time; the others follow it.
    packet->pts = packet->dts = AV_NOPTS_VALUE;
    if (code == AVERROR(ENOMEM)) return std::unexpected(av::error_from(code, ErrorCode::internal, "decode sound"));
    return code >= 0;
  }
};

AudioReader::AudioReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;
AudioReader::~AudioReader() = default;

Result<AudioReader> AudioReader::create(const std::vector<int>& parts, int stream_index) {
  av::InputOptions options;
  options.parts = parts;
  auto input = VF_TRY(av::Input::open(-1, options));
  auto* stream = input.stream(stream_index);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
    return fail(ErrorCode::invalid_argument, fmt::format("Stream {} is not a sound stream.", stream_index));
  auto* context = input.get();
  for (unsigned i = 0; i < context->nb_streams; ++i)
    context->streams[i]->discard = static_cast<int>(i) == stream_index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  auto decoder = VF_TRY(open_decoder(stream));
  auto state = std::make_unique<State>(State{std::move(input), stream_index, stream, std::move(decoder)});
  if (!state->packet || !state->frame)
    return fail(ErrorCode::no_memory, "There is not enough memory to decode the sound.");
  state->time_base = {stream->time_base.num, stream->time_base.den};
  return AudioReader(std::move(state));
}

Result<std::optional<AudioBlock>> AudioReader::next() {
  auto& s = *state_;
  for (;;) {
    const int code = avcodec_receive_frame(s.decoder.get(), s.frame.get());
    if (code >= 0) {
      if (s.usable()) return s.block_of_frame();
      continue;
    }
    if (code == AVERROR_EOF) return std::nullopt;
    if (code == AVERROR(ENOMEM)) return std::unexpected(av::error_from(code, ErrorCode::internal, "decode sound"));
    if (code != AVERROR(EAGAIN)) {
      if (s.draining) return std::nullopt;
      return s.lost_block();
    }
    if (s.draining) return std::nullopt;
    if (!VF_TRY(s.feed())) return s.lost_block();
  }
}

Rational AudioReader::time_base() const { return state_->time_base; }
int AudioReader::sample_rate() const { return state_->stream->codecpar->sample_rate; }
int AudioReader::channels() const { return state_->stream->codecpar->ch_layout.nb_channels; }
int AudioReader::damaged() const { return state_->damaged; }
std::int64_t AudioReader::packets() const { return state_->packets; }
double AudioReader::position() const {
  const auto bytes = state_->input.bytes();
  const auto at = avio_tell(state_->input.get()->pb);
  return bytes > 0 ? std::clamp(static_cast<double>(at) / static_cast<double>(bytes), 0.0, 1.0) : 0.0;
}

}  // namespace vf::media::audio
