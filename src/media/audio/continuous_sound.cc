#include "media/audio/continuous_sound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

extern "C" {
#include <libavutil/opt.h>
}

#include "media/av/error.h"
#include "media/av/ptr.h"

namespace vf::media::audio {
namespace {

constexpr double kToleranceSeconds = 0.030;        // a time stamp this far off is a gap or an overlap
constexpr double kDriftSeconds = 0.003;            // a mean error this large is a clock that drifts
constexpr double kSmoothingSeconds = 0.5;          // of the mean error
constexpr double kCorrectionSeconds = 0.5;         // a correction is spread over this much sound
constexpr double kLongestGapSeconds = 6 * 3600.0;  // more is not a gap but a broken time stamp
constexpr int kBlock = 4096;                       // samples converted or silenced at once
constexpr int kPlanes = 8;

AVChannelLayout layout_of(int channels) {
  switch (channels) {
    case 1:
      return AV_CHANNEL_LAYOUT_MONO;
    case 2:
      return AV_CHANNEL_LAYOUT_STEREO;
    default:
      return AV_CHANNEL_LAYOUT_5POINT1_BACK;
  }
}

// Follows one source format; a new one is opened when the source changes its mind.
class Converter {
 public:
  explicit Converter(SoundFormat format) : format_(format) {}

  bool fits(const AVFrame* frame) const {
    return swr_ && frame->sample_rate == rate_ && frame->format == sample_format_ &&
           frame->ch_layout.nb_channels == channels_;
  }

  Result<void> open(const AVFrame* frame) {
    AVChannelLayout in{};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC || !av_channel_layout_check(&frame->ch_layout))
      av_channel_layout_default(&in, frame->ch_layout.nb_channels);
    else
      av_channel_layout_copy(&in, &frame->ch_layout);
    AVChannelLayout out = layout_of(format_.channels);
    SwrContext* raw = nullptr;
    int code = swr_alloc_set_opts2(&raw, &out, AV_SAMPLE_FMT_FLTP, format_.sample_rate, &in,
                                   static_cast<AVSampleFormat>(frame->format), frame->sample_rate, 0, nullptr);
    av_channel_layout_uninit(&in);
    swr_.reset(raw);
    if (code >= 0) {
      // A downmix that cannot clip: the gains of each output channel sum to one at most.
      av_opt_set_double(raw, "rematrix_maxval", 1.0, 0);
      code = swr_init(raw);
    }
    if (code < 0)
      return std::unexpected(
          av::error_from(code, ErrorCode::unsupported_input, "The sound's channel layout cannot be converted."));
    rate_ = frame->sample_rate;
    sample_format_ = frame->format;
    channels_ = frame->ch_layout.nb_channels;
    return {};
  }

  // Output samples that the converter still holds.
  double pending() const {
    return swr_ ? static_cast<double>(swr_get_delay(swr_.get(), format_.sample_rate * 16LL)) / 16.0 : 0.0;
  }
  bool is_open() const { return swr_ != nullptr; }
  void close() { swr_.reset(); }

  // Adds (or, negative, removes) `samples` within the next `distance` samples of output.
  void compensate(int samples, int distance) { swr_set_compensation(swr_.get(), samples, distance); }

  // Converts a frame (null: what is left inside) and hands the result to `emit(planes, samples)`.
  template <typename Emit>
  Result<void> convert(const AVFrame* frame, Emit&& emit) {
    const auto** data = frame ? const_cast<const std::uint8_t**>(frame->extended_data) : nullptr;
    for (;;) {
      const int room = std::max(swr_get_out_samples(swr_.get(), frame ? frame->nb_samples : 0), kBlock);
      std::array<std::uint8_t*, kPlanes> out{};
      std::array<const float*, kPlanes> planes{};
      for (int c = 0; c < format_.channels; ++c) {
        buffer_[c].resize(static_cast<std::size_t>(room));
        planes[c] = buffer_[c].data();
        out[c] = reinterpret_cast<std::uint8_t*>(buffer_[c].data());
      }
      const int got = swr_convert(swr_.get(), out.data(), room, data, frame ? frame->nb_samples : 0);
      if (got < 0)
        return std::unexpected(av::error_from(got, ErrorCode::internal, "The sound could not be resampled."));
      if (got > 0) VF_CHECK(emit(planes.data(), got));
      if (frame || got == 0) return {};
    }
  }

 private:
  SoundFormat format_;
  av::SwrPtr swr_;
  int rate_ = 0;
  int sample_format_ = -1;
  int channels_ = 0;
  std::array<std::vector<float>, kPlanes> buffer_;
};

class Renderer {
 public:
  Renderer(AudioReader& reader, const SoundFormat& format, const SoundRange& range, const SoundSink& sink,
           const Progress& progress)
      : reader_(reader),
        format_(format),
        sink_(sink),
        progress_(progress),
        converter_(format),
        total_(samples_in(range.duration_seconds, format.sample_rate)),
        origin_(std::llround(range.start_seconds * format.sample_rate)) {}

  Result<SoundRepairs> run() {
    while (!finished()) {
      const auto block = VF_TRY(reader_.next());
      if (!block) break;
      if (block->frame)
        VF_CHECK(place(*block));
      else
        resync_ = true;  // the next block shows how much is missing
      if (progress_)
        progress_(total_ > 0 ? static_cast<double>(written_) / static_cast<double>(total_) : reader_.position());
    }
    repairs_.lost_packets = reader_.damaged();
    if (!started_) {
      if (reader_.damaged() > 0)
        return fail(ErrorCode::invalid_input, "Not one packet of the sound could be decoded; the file is damaged.");
    } else {
      VF_CHECK(drain());
    }
    if (written_ < total_) {
      repairs_.early_end_seconds = seconds(total_ - written_);
      VF_CHECK(silence(total_ - written_));
    }
    return repairs_;
  }

 private:
  double seconds(std::int64_t samples) const { return static_cast<double>(samples) / format_.sample_rate; }
  bool finished() const { return total_ > 0 && written_ >= total_; }

  Result<void> place(const AudioBlock& block) {
    if (!converter_.fits(block.frame)) {
      if (converter_.is_open()) VF_CHECK(drain());
      VF_CHECK(converter_.open(block.frame));
      correcting_until_ = written_;
    }
    const auto wanted = rescale(block.pts, reader_.time_base(), {1, format_.sample_rate}) - origin_ + shift_;
    const double have = static_cast<double>(written_ - skip_) + converter_.pending();
    const double error = static_cast<double>(wanted) - have;
    if (!started_ || std::abs(error) > kToleranceSeconds * format_.sample_rate || (resync_ && error > 1))
      VF_CHECK(align(wanted, block.frame));
    else
      follow(error, static_cast<double>(block.frame->nb_samples) / block.frame->sample_rate);
    started_ = true;
    resync_ = false;
    return converter_.convert(block.frame, [this](const float* const* planes, int n) { return emit(planes, n); });
  }

  // A gap becomes silence; an overlap is cut from what comes next.
  Result<void> align(std::int64_t wanted, const AVFrame* frame) {
    if (started_) VF_CHECK(restart(frame));
    mean_error_ = 0;
    auto missing = wanted - (written_ - skip_);
    if (started_ && std::abs(seconds(missing)) > kLongestGapSeconds) {
      shift_ -= missing;
      missing = 0;
    }
    if (missing < 0) {
      if (started_) {
        ++repairs_.overlaps;
        repairs_.overlap_seconds += seconds(-missing);
      }
      skip_ += -missing;
      return {};
    }
    if (missing > 0) {
      if (started_) {
        ++repairs_.gaps;
        repairs_.gap_seconds += seconds(missing);
      } else {
        repairs_.late_start_seconds = seconds(missing);
      }
    }
    const auto cut = std::min(skip_, missing);  // sound that is cut anyway needs no silence
    skip_ -= cut;
    return silence(missing - cut);
  }

  // A slowly growing error is a clock that drifts: resample a little to follow it.
  void follow(double error, double block_seconds) {
    mean_error_ += (error - mean_error_) * std::min(1.0, block_seconds / kSmoothingSeconds);
    if (written_ < correcting_until_ || std::abs(mean_error_) < kDriftSeconds * format_.sample_rate) return;
    const auto samples = static_cast<int>(std::lround(mean_error_));
    const auto distance = static_cast<int>(kCorrectionSeconds * format_.sample_rate);
    converter_.compensate(samples, distance);
    correcting_until_ = written_ + distance;
    repairs_.stretched_seconds += seconds(samples);
  }

  Result<void> restart(const AVFrame* frame) {
    VF_CHECK(drain());
    return converter_.open(frame);
  }

  Result<void> drain() {
    VF_CHECK(converter_.convert(nullptr, [this](const float* const* planes, int n) { return emit(planes, n); }));
    converter_.close();
    return {};
  }

  // Delivers samples, less what lies before the origin or was said already, up to the end.
  Result<void> emit(const float* const* planes, std::int64_t count) {
    const auto cut = std::min(skip_, count);
    skip_ -= cut;
    count -= cut;
    if (total_ > 0) count = std::min(count, total_ - written_);
    if (count <= 0) return {};
    std::array<const float*, kPlanes> from{};
    for (int c = 0; c < format_.channels; ++c) from[c] = planes[c] + cut;
    written_ += count;
    return sink_(from.data(), static_cast<int>(count));
  }

  Result<void> silence(std::int64_t count) {
    static constexpr std::array<float, kBlock> kZero{};
    std::array<const float*, kPlanes> planes{};
    planes.fill(kZero.data());
    if (total_ > 0) count = std::min(count, total_ - written_);
    for (; count > 0; count -= kBlock) {
      const auto n = std::min<std::int64_t>(count, kBlock);
      written_ += n;
      VF_CHECK(sink_(planes.data(), static_cast<int>(n)));
    }
    return {};
  }

  AudioReader& reader_;
  SoundFormat format_;
  const SoundSink& sink_;
  const Progress& progress_;
  Converter converter_;
  std::int64_t total_;
  std::int64_t origin_;
  std::int64_t written_ = 0;
  std::int64_t skip_ = 0;   // samples still to be cut
  std::int64_t shift_ = 0;  // added to time stamps after a broken one
  double mean_error_ = 0;
  std::int64_t correcting_until_ = 0;
  bool started_ = false;
  bool resync_ = false;
  SoundRepairs repairs_;
};

}  // namespace

std::int64_t samples_in(double seconds, int sample_rate) { return std::llround(std::max(0.0, seconds) * sample_rate); }

Result<SoundRepairs> render_sound(AudioReader& reader, const SoundFormat& format, const SoundRange& range,
                                  const SoundSink& sink, const Progress& progress) {
  return Renderer(reader, format, range, sink, progress).run();
}

}  // namespace vf::media::audio
