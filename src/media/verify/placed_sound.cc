#include "media/verify/placed_sound.h"

#include <algorithm>
#include <cmath>

#include "media/av/error.h"
#include "media/av/ptr.h"

namespace vf::media::verify {
namespace {

constexpr double kFurthestSeconds = 30;  // a block further ahead than this is a broken time stamp

// One sample of one channel as float, whatever the format.
float sample(const AVFrame* frame, int channel, int i) {
  const auto format = static_cast<AVSampleFormat>(frame->format);
  const bool planar = av_sample_fmt_is_planar(format);
  const auto* data = frame->extended_data[planar ? channel : 0];
  const auto at = planar ? static_cast<std::size_t>(i)
                         : static_cast<std::size_t>(i) * static_cast<std::size_t>(frame->ch_layout.nb_channels) +
                               static_cast<std::size_t>(channel);
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
      return (static_cast<float>(data[at]) - 128.0F) / 128.0F;
    case AV_SAMPLE_FMT_S16:
      return static_cast<float>(reinterpret_cast<const std::int16_t*>(data)[at]) / 32768.0F;
    case AV_SAMPLE_FMT_S32:
      return static_cast<float>(reinterpret_cast<const std::int32_t*>(data)[at]) / 2147483648.0F;
    case AV_SAMPLE_FMT_FLT:
      return reinterpret_cast<const float*>(data)[at];
    case AV_SAMPLE_FMT_DBL:
      return static_cast<float>(reinterpret_cast<const double*>(data)[at]);
    default:
      return 0;
  }
}

// Low-pass and decimation of a whole window.
Result<std::vector<float>> resample(const std::vector<float>& in, int rate, std::size_t wanted) {
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  SwrContext* raw = nullptr;
  int code =
      swr_alloc_set_opts2(&raw, &mono, AV_SAMPLE_FMT_FLTP, kWindowRate, &mono, AV_SAMPLE_FMT_FLTP, rate, 0, nullptr);
  av::SwrPtr swr(raw);
  if (code >= 0) code = swr_init(raw);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "The sound could not be compared."));
  std::vector<float> out(wanted + 64);
  const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  int got = swr_convert(raw, &to, static_cast<int>(out.size()), &from, static_cast<int>(in.size()));
  if (got >= 0 && got < static_cast<int>(out.size())) {
    to = reinterpret_cast<std::uint8_t*>(out.data() + got);
    got += std::max(0, swr_convert(raw, &to, static_cast<int>(out.size()) - got, nullptr, 0));
  }
  out.resize(std::min<std::size_t>(wanted, static_cast<std::size_t>(std::max(0, got))));
  out.resize(wanted, 0.0F);
  return out;
}

}  // namespace

PlacedSound::PlacedSound(audio::AudioReader reader, double origin_seconds)
    : reader_(std::move(reader)), origin_(origin_seconds) {}

void PlacedSound::put(const audio::AudioBlock& block) {
  const auto* frame = block.frame;
  if (rate_ == 0) rate_ = frame->sample_rate;
  if (frame->sample_rate != rate_) return;  // the rate changed on the way: this part proves nothing
  const double tick = reader_.time_base().value();
  double at = static_cast<double>(block.pts) * tick - origin_;
  if (started_) {
    const double jump = std::abs(at - end_);
    if (jump > largest_jump_) largest_jump_ = jump, jump_at_ = at;
    // Stamps in milliseconds (Matroska, FLV) are rounded: what follows within that goes on without a seam,
    // or every high tone would be cut to pieces that match nothing.
    if (jump <= 1.5 * tick) at = end_;
  }
  started_ = true;
  end_ = at + static_cast<double>(frame->nb_samples) / rate_;
  const auto first = std::llround((at - window_start_) * rate_);
  if (first + frame->nb_samples <= 0 || at - window_start_ > kFurthestSeconds + 600) return;
  const auto needed = static_cast<std::size_t>(first + frame->nb_samples);
  if (native_.size() < needed) native_.resize(needed, 0.0F);
  const int channels = frame->ch_layout.nb_channels;
  for (int i = static_cast<int>(std::max<std::int64_t>(0, -first)); i < frame->nb_samples; ++i) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) sum += sample(frame, c, i);
    native_[static_cast<std::size_t>(first + i)] = std::isfinite(sum) ? sum / static_cast<float>(channels) : 0.0F;
  }
}

Result<void> PlacedSound::fill(double until) {
  while (!ended_ && (!started_ || end_ < until)) {
    const auto block = VF_TRY(reader_.next());
    if (!block) {
      ended_ = true;
      break;
    }
    if (block->frame) put(*block);
  }
  return {};
}

Result<std::vector<float>> PlacedSound::next(double seconds) {
  VF_CHECK(fill(window_start_ + seconds));
  if (rate_ == 0 || (ended_ && end_ <= window_start_)) return std::vector<float>{};
  const auto count = static_cast<std::size_t>(std::llround(seconds * rate_));
  if (native_.size() < count) native_.resize(count, 0.0F);
  const std::vector<float> window(native_.begin(), native_.begin() + static_cast<std::ptrdiff_t>(count));
  native_.erase(native_.begin(), native_.begin() + static_cast<std::ptrdiff_t>(count));
  window_start_ += seconds;
  return resample(window, rate_, static_cast<std::size_t>(std::llround(seconds * kWindowRate)));
}

}  // namespace vf::media::verify
