#include "media/verify/written_video.h"

#include "media/av/allow.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"

namespace vf::media::verify {

struct WrittenVideo::State {
  av::Input input;
  av::CodecPtr decoder;
  av::PacketPtr packet = av::make_packet();
  av::FramePtr frame = av::make_frame();
  std::vector<std::int64_t> times = {};
  std::vector<std::int64_t> key_times = {};
  int errors = 0;
  int width = 0;
  int height = 0;
  bool size_changes = false;
  bool draining = false;
  bool ended = false;
  bool held = false;  // `frame` was decoded and not yet asked for

  void note() {
    times.push_back(frame->pts);
    if (frame->key_frame) key_times.push_back(frame->pts);
    if ((frame->flags & AV_FRAME_FLAG_CORRUPT) || frame->decode_error_flags != 0) ++errors;
    if (width == 0) width = frame->width, height = frame->height;
    size_changes = size_changes || frame->width != width || frame->height != height;
  }

  // Decodes the next picture; false at the end.
  bool next() {
    while (!ended) {
      const int code = avcodec_receive_frame(decoder.get(), frame.get());
      if (code >= 0) {
        note();
        return true;
      }
      if (code != AVERROR(EAGAIN) && code != AVERROR_EOF) ++errors;
      if (draining) break;
      feed();
    }
    ended = true;
    return false;
  }

  void feed() {
    for (;;) {
      const auto got = input.read(packet.get());
      if (!got) ++errors;
      if (!got || !*got) {
        errors += input.damaged();
        draining = true;
        avcodec_send_packet(decoder.get(), nullptr);
        return;
      }
      if (packet->stream_index == 0 && packet->size > 0) break;
    }
    if (avcodec_send_packet(decoder.get(), packet.get()) < 0) ++errors;
  }
};

WrittenVideo::WrittenVideo(std::unique_ptr<State> state) : state_(std::move(state)) {}
WrittenVideo::WrittenVideo(WrittenVideo&&) noexcept = default;
WrittenVideo& WrittenVideo::operator=(WrittenVideo&&) noexcept = default;
WrittenVideo::~WrittenVideo() = default;

Result<WrittenVideo> WrittenVideo::open(const std::vector<int>& parts) {
  av::InputOptions options;
  options.parts = parts;
  options.find_stream_info = false;  // the header says it all, or the track is wrong
  auto input = VF_TRY(av::Input::open(-1, options));
  auto* stream = input.stream(0);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO)
    return fail(ErrorCode::verify_failed, "It holds no video.");
  const auto* codec = av::allowed_decoder(stream->codecpar->codec_id);
  av::CodecPtr decoder(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!decoder) return fail(ErrorCode::verify_failed, "No decoder knows its codec.");
  int code = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
  decoder->pkt_timebase = stream->time_base;
  decoder->thread_count = 1;
  decoder->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_CRCCHECK;
  if (code >= 0) code = avcodec_open2(decoder.get(), codec, nullptr);
  if (code < 0)
    return std::unexpected(av::error_from(code, ErrorCode::verify_failed, "Its description cannot be decoded."));
  auto state = std::make_unique<State>(State{std::move(input), std::move(decoder)});
  if (!state->packet || !state->frame)
    return fail(ErrorCode::no_memory, "There is not enough memory to verify the video.");
  return WrittenVideo(std::move(state));
}

const AVFrame* WrittenVideo::advance_to(std::int64_t pts) {
  auto& s = *state_;
  while (s.held || s.next()) {
    s.held = s.frame->pts > pts;  // it may be asked for later
    if (s.held) return nullptr;
    if (s.frame->pts == pts) return s.frame.get();
  }
  return nullptr;
}

void WrittenVideo::finish() {
  while (state_->next()) {
  }
}

const std::vector<std::int64_t>& WrittenVideo::times() const { return state_->times; }
const std::vector<std::int64_t>& WrittenVideo::key_times() const { return state_->key_times; }
int WrittenVideo::decode_errors() const { return state_->errors; }
int WrittenVideo::width() const { return state_->width; }
int WrittenVideo::height() const { return state_->height; }
bool WrittenVideo::size_changes() const { return state_->size_changes; }

}  // namespace vf::media::verify
