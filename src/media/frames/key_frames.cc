#include "media/frames/key_frames.h"

#include <fmt/format.h>

#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"

namespace vf::media::frames {
namespace {

constexpr std::int64_t kMaxPixels = 8192LL * 8192;
constexpr int kMaxPacketsToKey = 20'000;  // after a seek that landed too early

}  // namespace

struct KeyFrameReader::State {
  av::Input input;
  AVStream* stream;
  av::CodecPtr decoder;
  KeyFrameOptions options;
  av::PacketPtr packet = av::make_packet();
  std::vector<av::FramePtr> frames = {};

  // Moves to the packet of the key frame; false when it is not found.
  Result<bool> find(std::int64_t ticks) {
    VF_CHECK(input.seek(stream->index, ticks));
    for (int packets = 0; packets < kMaxPacketsToKey; ++packets) {
      av_packet_unref(packet.get());
      if (!VF_TRY(input.read(packet.get()))) return false;
      if (packet->stream_index != stream->index || packet->size == 0 || !(packet->flags & AV_PKT_FLAG_KEY)) continue;
      const auto at = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
      if (at == AV_NOPTS_VALUE || at >= ticks) return true;
    }
    return false;
  }

  void collect() {
    for (;;) {
      auto frame = av::make_frame();
      if (!frame || avcodec_receive_frame(decoder.get(), frame.get()) < 0) return;
      if (static_cast<int>(frames.size()) <= options.following) frames.push_back(std::move(frame));
    }
  }
};

KeyFrameReader::KeyFrameReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyFrameReader::KeyFrameReader(KeyFrameReader&&) noexcept = default;
KeyFrameReader& KeyFrameReader::operator=(KeyFrameReader&&) noexcept = default;
KeyFrameReader::~KeyFrameReader() = default;

Result<KeyFrameReader> KeyFrameReader::create(int fd, int stream_index, const KeyFrameOptions& options) {
  auto input = VF_TRY(av::Input::open(fd));
  auto* stream = input.stream(stream_index);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO)
    return fail(ErrorCode::not_found, fmt::format("Stream {} is not a video stream.", stream_index));
  for (unsigned i = 0; i < input.get()->nb_streams; ++i)
    input.get()->streams[i]->discard = static_cast<int>(i) == stream_index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  const auto* codec = av::allowed_decoder(stream->codecpar->codec_id);
  if (!codec)
    return fail(ErrorCode::unsupported_input,
                fmt::format("The video is coded as {}, which is not on the list of codecs that VideoForge reads.",
                            avcodec_get_name(stream->codecpar->codec_id)));
  av::CodecPtr decoder(avcodec_alloc_context3(codec));
  if (!decoder) return fail(ErrorCode::no_memory, "There is not enough memory to decode the video.");
  int code = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
  decoder->pkt_timebase = stream->time_base;
  decoder->thread_count = 1;
  decoder->max_pixels = kMaxPixels;
  decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;  // a key frame alone may not count as recovered
  if (options.rough) {
    decoder->skip_loop_filter = AVDISCARD_ALL;
    decoder->flags2 |= AV_CODEC_FLAG2_FAST;
  }
  if (options.smallest_width > 0)
    while (decoder->lowres < codec->max_lowres &&
           stream->codecpar->width >> (decoder->lowres + 1) >= options.smallest_width)
      ++decoder->lowres;
  if (code >= 0) code = avcodec_open2(decoder.get(), codec, nullptr);
  if (code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_input, "The video cannot be decoded: its description is damaged."));
  auto state = std::make_unique<State>(State{std::move(input), stream, std::move(decoder), options});
  if (!state->packet) return fail(ErrorCode::no_memory, "There is not enough memory to decode the video.");
  return KeyFrameReader(std::move(state));
}

Result<std::vector<AVFrame*>> KeyFrameReader::at(std::int64_t ticks) {
  auto& s = *state_;
  s.frames.clear();
  std::vector<AVFrame*> out;
  if (!VF_TRY(s.find(ticks))) return out;
  avcodec_flush_buffers(s.decoder.get());
  int sent = 0;
  while (avcodec_send_packet(s.decoder.get(), s.packet.get()) >= 0) {
    s.collect();
    // A few packets more than pictures: some of them come before the key frame in time.
    if (++sent > s.options.following * 2 || static_cast<int>(s.frames.size()) > s.options.following) break;
    do {
      av_packet_unref(s.packet.get());
      if (!VF_TRY(s.input.read(s.packet.get()))) break;
    } while (s.packet->stream_index != s.stream->index);
    if (s.packet->size == 0) break;
  }
  avcodec_send_packet(s.decoder.get(), nullptr);
  s.collect();
  avcodec_flush_buffers(s.decoder.get());
  for (const auto& frame : s.frames) out.push_back(frame.get());
  return out;
}

}  // namespace vf::media::frames
