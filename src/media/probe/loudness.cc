#include "media/probe/loudness.h"

#include <cmath>
#include <memory>

#include <ebur128.h>

#include "media/av/allow.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/probe/meter.h"

namespace vf::media {
namespace {

// One stream on its way: decoder, conversion to interleaved floats, meter.
class TrackMeter {
 public:
  static std::unique_ptr<TrackMeter> create(const AVStream* stream) {
    const auto* decoder = av::allowed_decoder(stream->codecpar->codec_id);
    if (!decoder) return nullptr;
    av::CodecPtr codec(avcodec_alloc_context3(decoder));
    if (!codec || avcodec_parameters_to_context(codec.get(), stream->codecpar) < 0) return nullptr;
    codec->pkt_timebase = stream->time_base;
    codec->thread_count = 1;
    if (avcodec_open2(codec.get(), decoder, nullptr) < 0) return nullptr;
    return std::unique_ptr<TrackMeter>(new TrackMeter(std::move(codec)));
  }

  // Null flushes.
  void add(const AVPacket* packet) {
    avcodec_send_packet(codec_.get(), packet);
    while (avcodec_receive_frame(codec_.get(), frame_.get()) >= 0) {
      measure();
      av_frame_unref(frame_.get());
    }
  }

  std::optional<LoudnessInfo> result() const {
    LoudnessInfo out;
    if (!meter_) return std::nullopt;
    if (ebur128_loudness_global(meter_.get(), &out.integrated_lufs) != EBUR128_SUCCESS ||
        !std::isfinite(out.integrated_lufs))
      return std::nullopt;
    if (ebur128_loudness_range(meter_.get(), &out.range_lu) != EBUR128_SUCCESS) out.range_lu = 0;
    double peak = 0;
    for (unsigned i = 0; i < meter_->channels; ++i)
      if (double one = 0; ebur128_true_peak(meter_.get(), i, &one) == EBUR128_SUCCESS) peak = std::max(peak, one);
    out.true_peak_dbtp = peak > 0 ? 20 * std::log10(peak) : -200;
    return out;
  }

 private:
  explicit TrackMeter(av::CodecPtr codec) : codec_(std::move(codec)), frame_(av::make_frame()) {}

  void measure() {
    if (!meter_) {
      meter_ = make_meter(frame_->ch_layout, frame_->sample_rate);
      if (!meter_) return;
    }
    // A change of format on the way would need a second meter: what comes after it is not counted.
    if (frame_->ch_layout.nb_channels != static_cast<int>(meter_->channels) ||
        frame_->sample_rate != static_cast<int>(meter_->samplerate))
      return;
    if (!swr_ || format_ != frame_->format) {
      SwrContext* swr = nullptr;
      if (swr_alloc_set_opts2(&swr, &frame_->ch_layout, AV_SAMPLE_FMT_FLT, frame_->sample_rate, &frame_->ch_layout,
                              static_cast<AVSampleFormat>(frame_->format), frame_->sample_rate, 0, nullptr) < 0 ||
          swr_init(swr) < 0) {
        swr_free(&swr);
        return;
      }
      swr_.reset(swr);
      format_ = frame_->format;
    }
    samples_.resize(static_cast<std::size_t>(frame_->nb_samples) * meter_->channels);
    auto* to = reinterpret_cast<std::uint8_t*>(samples_.data());
    const int done = swr_convert(swr_.get(), &to, frame_->nb_samples,
                                 const_cast<const std::uint8_t**>(frame_->extended_data), frame_->nb_samples);
    if (done > 0) ebur128_add_frames_float(meter_.get(), samples_.data(), static_cast<std::size_t>(done));
  }

  av::CodecPtr codec_;
  av::FramePtr frame_;
  av::SwrPtr swr_;
  int format_ = -1;
  MeterPtr meter_;
  std::vector<float> samples_;
};

}  // namespace

Result<std::map<int, LoudnessInfo>> measure_loudness(int fd, const ProbeLimits& limits, const ProbeProgress& progress) {
  av::InputOptions options;
  options.max_streams = limits.max_claimed_streams;
  options.max_pixels = limits.max_pixels;
  auto input = VF_TRY(av::Input::open(fd, options));
  std::map<int, std::unique_ptr<TrackMeter>> meters;
  for (int i = 0; i < static_cast<int>(input.get()->nb_streams); ++i) {
    auto* stream = input.stream(i);
    const bool wanted = i < limits.max_streams && stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    auto meter = wanted ? TrackMeter::create(stream) : nullptr;
    if (meter)
      meters.emplace(i, std::move(meter));
    else
      stream->discard = AVDISCARD_ALL;
  }
  const auto packet = av::make_packet();
  double reported = 0;
  while (!meters.empty() && VF_TRY(input.read(packet.get()))) {
    if (const auto found = meters.find(packet->stream_index); found != meters.end()) found->second->add(packet.get());
    const double fraction = packet->pos > 0 ? static_cast<double>(packet->pos) / static_cast<double>(input.bytes()) : 0;
    if (progress && fraction >= reported + 0.01 && fraction <= 1) progress(reported = fraction);
    av_packet_unref(packet.get());
  }
  std::map<int, LoudnessInfo> out;
  for (auto& [index, meter] : meters) {
    meter->add(nullptr);
    if (const auto result = meter->result()) out.emplace(index, *result);
  }
  return out;
}

}  // namespace vf::media
