#include "media/audio/audio_encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "media/av/error.h"
#include "media/av/ptr.h"
#include "media/package/fragment_writer.h"
#include "media/package/sample_entry.h"

namespace vf::media::audio {
namespace {

struct CodecRow {
  const char* name;
  const char* encoder;
  AVSampleFormat sample_format;
};

constexpr CodecRow kCodecs[] = {
    {"aac", "aac", AV_SAMPLE_FMT_FLTP},
    {"opus", "libopus", AV_SAMPLE_FMT_FLT},
};

constexpr float kLoudest = 4.0F;  // far above full scale; encoders refuse infinities

float clean(float value, float gain) {
  value *= gain;
  return std::isfinite(value) ? std::clamp(value, -kLoudest, kLoudest) : 0.0F;
}

Result<av::CodecPtr> open_encoder(const EncoderSettings& settings) {
  const auto* row = std::ranges::find_if(kCodecs, [&](const CodecRow& r) { return settings.codec == r.name; });
  if (row == std::end(kCodecs))
    return fail(ErrorCode::invalid_argument,
                fmt::format("Sound is encoded as aac or opus, not as {}.", settings.codec));
  const auto* codec = avcodec_find_encoder_by_name(row->encoder);
  if (!codec)
    return fail(ErrorCode::internal, fmt::format("This build of libav has no encoder named {}.", row->encoder));
  av::CodecPtr context(avcodec_alloc_context3(codec));
  if (!context) return fail(ErrorCode::no_memory, "There is not enough memory to encode the sound.");
  context->sample_rate = settings.format.sample_rate;
  context->sample_fmt = row->sample_format;
  context->time_base = {1, settings.format.sample_rate};
  context->bit_rate = settings.bit_rate;
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
  const AVChannelLayout layouts[] = {AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO, AV_CHANNEL_LAYOUT_5POINT1_BACK};
  av_channel_layout_copy(&context->ch_layout,
                         &layouts[settings.format.channels == 6 ? 2 : settings.format.channels - 1]);
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::invalid_argument,
                       fmt::format("The {} encoder does not take {} channels at {} Hz and {} bit/s.", settings.codec,
                                   settings.format.channels, settings.format.sample_rate, settings.bit_rate)));
  return context;
}

struct ParametersFree {
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
};

}  // namespace

SegmentCutter::SegmentCutter(const std::vector<double>& starts, int timescale, std::int64_t priming) {
  for (const double start : starts)
    if (start > 0) borders_.push_back(priming + std::llround(start * timescale));
  std::ranges::sort(borders_);
}

bool SegmentCutter::begins_segment(std::int64_t media_time) {
  bool crossed = false;
  for (; next_ < borders_.size() && borders_[next_] <= media_time; ++next_) crossed = true;
  return crossed;
}

struct AudioEncoder::State {
  EncoderSettings settings;
  av::CodecPtr encoder;
  FragmentWriter writer;
  SegmentCutter cutter;
  float gain;
  av::FramePtr frame = av::make_frame();
  av::PacketPtr packet = av::make_packet();
  std::vector<std::vector<float>> pending = {};  // one plane a channel, less than a frame
  std::int64_t taken = 0;                        // samples handed to the encoder
  std::int64_t media_time = 0;                   // of the next packet

  int frame_size() const { return encoder->frame_size > 0 ? encoder->frame_size : 1024; }
  int priming() const { return encoder->initial_padding; }

  Result<void> encode(int samples) {
    av_frame_unref(frame.get());
    frame->nb_samples = samples;
    frame->format = encoder->sample_fmt;
    frame->sample_rate = encoder->sample_rate;
    frame->pts = taken;
    av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
    if (const int code = av_frame_get_buffer(frame.get(), 0); code < 0)
      return std::unexpected(av::error_from(code, ErrorCode::internal, "Encoding the sound failed."));
    const auto channels = pending.size();
    if (encoder->sample_fmt == AV_SAMPLE_FMT_FLTP) {
      for (std::size_t c = 0; c < channels; ++c)
        std::memcpy(frame->extended_data[c], pending[c].data(), static_cast<std::size_t>(samples) * sizeof(float));
    } else {
      auto* out = reinterpret_cast<float*>(frame->extended_data[0]);
      for (int i = 0; i < samples; ++i)
        for (std::size_t c = 0; c < channels; ++c) *out++ = pending[c][static_cast<std::size_t>(i)];
    }
    for (auto& plane : pending) plane.erase(plane.begin(), plane.begin() + samples);
    taken += samples;
    return send(frame.get());
  }

  Result<void> send(const AVFrame* next) {
    int code = avcodec_send_frame(encoder.get(), next);
    while (code >= 0) {
      code = avcodec_receive_packet(encoder.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
      if (code >= 0) VF_CHECK(write());
    }
    return std::unexpected(av::error_from(code, ErrorCode::internal, "Encoding the sound failed."));
  }

  Result<void> write() {
    const auto left = ending ? priming() + taken - media_time : frame_size();
    const auto duration = std::min<std::int64_t>(frame_size(), left);
    if (duration <= 0) return {};  // padding after the last sample
    if (cutter.begins_segment(media_time)) VF_CHECK(writer.end_segment());
    VF_CHECK(writer.add({.pts = media_time,
                         .duration = duration,
                         .key = true,
                         .data = {packet->data, static_cast<std::size_t>(packet->size)}}));
    media_time += duration;
    return {};
  }

  bool ending = false;  // all samples were taken: the end of the track is known
};

AudioEncoder::AudioEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioEncoder::AudioEncoder(AudioEncoder&&) noexcept = default;
AudioEncoder& AudioEncoder::operator=(AudioEncoder&&) noexcept = default;
AudioEncoder::~AudioEncoder() = default;

Result<AudioEncoder> AudioEncoder::create(const EncoderSettings& settings, int out_fd) {
  const int channels = settings.format.channels;
  if (channels != 1 && channels != 2 && channels != 6)
    return fail(ErrorCode::invalid_argument, fmt::format("A track has 1, 2 or 6 channels, not {}.", channels));
  auto encoder = VF_TRY(open_encoder(settings));
  std::unique_ptr<AVCodecParameters, ParametersFree> parameters(avcodec_parameters_alloc());
  if (!parameters) return fail(ErrorCode::no_memory, "There is not enough memory to encode the sound.");
  if (const int code = avcodec_parameters_from_context(parameters.get(), encoder.get()); code < 0)
    return std::unexpected(
        av::error_from(code, ErrorCode::internal, "The sound encoder does not describe its output."));
  auto format = VF_TRY(make_track_format(*parameters, settings.format.sample_rate));
  auto writer = VF_TRY(FragmentWriter::create(out_fd, std::move(format), settings.first_segment_number));
  SegmentCutter cutter(settings.segment_starts, settings.format.sample_rate, encoder->initial_padding);
  const auto gain = static_cast<float>(std::pow(10.0, settings.gain_db / 20));
  auto state = std::make_unique<State>(State{settings, std::move(encoder), std::move(writer), std::move(cutter), gain});
  if (!state->frame || !state->packet)
    return fail(ErrorCode::no_memory, "There is not enough memory to encode the sound.");
  state->pending.resize(static_cast<std::size_t>(channels));
  return AudioEncoder(std::move(state));
}

Result<void> AudioEncoder::add(const float* const* planes, int samples) {
  auto& s = *state_;
  for (std::size_t c = 0; c < s.pending.size(); ++c)
    for (int i = 0; i < samples; ++i) s.pending[c].push_back(clean(planes[c][i], s.gain));
  while (static_cast<int>(s.pending[0].size()) >= s.frame_size()) VF_CHECK(s.encode(s.frame_size()));
  return {};
}

std::int64_t AudioEncoder::samples() const {
  return state_->taken + static_cast<std::int64_t>(state_->pending[0].size());
}

Result<TrackChunk> AudioEncoder::finish() {
  auto& s = *state_;
  if (!s.pending[0].empty()) {
    // The encoder's own padding of a short last frame differs by version: pad it here.
    const auto real = s.pending[0].size();
    for (auto& plane : s.pending) plane.resize(static_cast<std::size_t>(s.frame_size()), 0.0F);
    VF_CHECK(s.encode(s.frame_size()));
    s.taken -= s.frame_size() - static_cast<int>(real);
  }
  // The delay may push the last samples into one more frame than the encoder flushes by itself.
  const auto end = s.priming() + s.taken;
  s.ending = true;
  VF_CHECK(s.send(nullptr));
  if (s.media_time < end && s.media_time + s.frame_size() <= end)
    return fail(ErrorCode::internal, "The sound encoder ended before the sound did.",
                fmt::format("{} of {} samples", s.media_time, end));
  auto chunk = VF_TRY(s.writer.finish());
  chunk.priming = s.priming();
  return chunk;
}

}  // namespace vf::media::audio
