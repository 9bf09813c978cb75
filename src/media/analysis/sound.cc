#include "media/analysis/sound.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "media/analysis/loudness_curve.h"
#include "media/analysis/sound_events.h"
#include "media/audio/audio_reader.h"
#include "media/av/ptr.h"

namespace vf::media::analysis {
namespace {

constexpr double kJumpSeconds = 0.030;     // a time stamp this far off is a gap or an overlap
constexpr double kLongestFill = 3600;      // longer gaps are broken times: they are no silence to be measured
constexpr double kTogetherSeconds = 0.25;  // lost packets this near are one place

bool is_input_fault(ErrorCode code) {
  return code == ErrorCode::invalid_input || code == ErrorCode::unsupported_input ||
         code == ErrorCode::invalid_argument;
}

// Interleaved floats of frames of any format.
class Interleaver {
 public:
  // Empty where the format cannot be converted.
  std::span<const float> read(const AVFrame& frame) {
    const int channels = frame.ch_layout.nb_channels;
    if (!swr_ || format_ != frame.format || channels_ != channels || rate_ != frame.sample_rate) {
      AVChannelLayout layout{};
      if (av_channel_layout_check(&frame.ch_layout))
        av_channel_layout_copy(&layout, &frame.ch_layout);
      else
        av_channel_layout_default(&layout, channels);
      SwrContext* raw = nullptr;
      const int code = swr_alloc_set_opts2(&raw, &layout, AV_SAMPLE_FMT_FLT, frame.sample_rate, &layout,
                                           static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
      av_channel_layout_uninit(&layout);
      swr_.reset(raw);
      if (code < 0 || swr_init(raw) < 0) {
        swr_.reset();
        return {};
      }
      format_ = frame.format;
      channels_ = channels;
      rate_ = frame.sample_rate;
    }
    samples_.resize(static_cast<std::size_t>(frame.nb_samples) * static_cast<std::size_t>(channels));
    auto* to = reinterpret_cast<std::uint8_t*>(samples_.data());
    const int done = swr_convert(swr_.get(), &to, frame.nb_samples,
                                 const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
    if (done <= 0) return {};
    samples_.resize(static_cast<std::size_t>(done) * static_cast<std::size_t>(channels));
    for (auto& sample : samples_)
      if (!std::isfinite(sample)) sample = 0;
    return samples_;
  }

 private:
  av::SwrPtr swr_;
  int format_ = -1;
  int channels_ = 0;
  int rate_ = 0;
  std::vector<float> samples_;
};

// The largest value that samples of this format have, as a float.
float full_scale(int format) {
  switch (av_get_packed_sample_fmt(static_cast<AVSampleFormat>(format))) {
    case AV_SAMPLE_FMT_U8:
      return 127.0F / 128;
    default:
      return 32767.0F / 32768;  // lossy decoders end in floats, which rarely hit 1.0 exactly
  }
}

class SoundMeter {
 public:
  SoundMeter(const SoundSpec& spec, Rational time_base)
      : time_base_(time_base), events_(spec.silence_level, spec.silence_seconds, spec.clipping_samples) {}

  void add(const audio::AudioBlock& block) {
    const double at = static_cast<double>(block.pts) * time_base_.value();
    if (!block.frame) return lose(at, at + static_cast<double>(block.duration) * time_base_.value());
    const auto samples = interleaver_.read(*block.frame);
    if (samples.empty()) return lose(at, at + static_cast<double>(block.duration) * time_base_.value());
    const auto& frame = *block.frame;
    if (!started_) begin(frame, at);
    // A change of format on the way would need a second meter: what comes after it is not measured.
    if (frame.ch_layout.nb_channels != out_.channels || frame.sample_rate != out_.sample_rate)
      return lose(at, at + static_cast<double>(frame.nb_samples) / frame.sample_rate);
    place(at);
    events_.add(samples, out_.channels, out_.sample_rate, at, full_scale(frame.format));
    curve_.add(samples);
    const auto count = static_cast<std::int64_t>(samples.size()) / out_.channels;
    out_.samples += count;
    out_.end_seconds = at + static_cast<double>(count) / out_.sample_rate;
  }

  SoundResult finish(int lost_packets) {
    events_.finish(out_.end_seconds);
    out_.silence = events_.silence();
    out_.clipping = events_.clipping();
    out_.loudness = curve_.result(out_.start_seconds);
    out_.curve = curve_.points();
    out_.lost_packets = lost_packets;
    return std::move(out_);
  }

 private:
  void begin(const AVFrame& frame, double at) {
    started_ = true;
    out_.start_seconds = out_.end_seconds = at;
    out_.channels = frame.ch_layout.nb_channels;
    out_.sample_rate = frame.sample_rate;
    curve_.open(frame.ch_layout, frame.sample_rate);
  }

  // Where times jump, nothing is heard: silence, for the loudness too.
  void place(double at) {
    const double jump = at - out_.end_seconds;
    if (std::abs(jump) < kJumpSeconds) return;
    auto& list = jump > 0 ? out_.gaps : out_.overlaps;
    if (list.size() < kMaxListed) list.push_back({out_.end_seconds, at});
    if (jump < 0) return;
    events_.silent_from(out_.end_seconds);
    if (jump < kLongestFill) curve_.add_silence(jump);
  }

  void lose(double from, double to) {
    if (!out_.lost.empty() && from <= out_.lost.back().to + kTogetherSeconds)
      out_.lost.back().to = std::max(out_.lost.back().to, to);
    else if (out_.lost.size() < kMaxListed)
      out_.lost.push_back({from, to});
  }

  Rational time_base_;
  SoundResult out_;
  Interleaver interleaver_;
  SoundEvents events_;
  LoudnessCurve curve_;
  bool started_ = false;
};

}  // namespace

Result<SoundResult> measure_sound(int fd, const SoundSpec& spec, const std::function<void(double)>& progress) {
  auto reader = audio::AudioReader::create({fd}, spec.stream_index);
  if (!reader) {
    if (!is_input_fault(reader.error().code)) return std::unexpected(std::move(reader).error());
    SoundResult out;
    out.failure = reader.error().message;
    return out;
  }
  SoundMeter meter(spec, reader->time_base());
  while (const auto block = VF_TRY(reader->next())) {
    meter.add(*block);
    if (progress) progress(reader->position());
  }
  auto out = meter.finish(reader->damaged());
  if (out.samples == 0) out.failure = "Not one packet of the sound could be decoded.";
  return out;
}

}  // namespace vf::media::analysis
