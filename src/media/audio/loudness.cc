#include "media/audio/loudness.h"

#include <algorithm>
#include <cmath>

#include <ebur128.h>

namespace vf::media::audio {
namespace {

struct MeterFree {
  void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
};

double decibels(double amplitude) { return amplitude > 0 ? 20 * std::log10(amplitude) : -120.0; }

}  // namespace

struct LoudnessMeter::State {
  SoundFormat format;
  std::unique_ptr<ebur128_state, MeterFree> meter;
  std::vector<float> interleaved;
};

LoudnessMeter::LoudnessMeter(std::unique_ptr<State> state) : state_(std::move(state)) {}
LoudnessMeter::LoudnessMeter(LoudnessMeter&&) noexcept = default;
LoudnessMeter& LoudnessMeter::operator=(LoudnessMeter&&) noexcept = default;
LoudnessMeter::~LoudnessMeter() = default;

Result<LoudnessMeter> LoudnessMeter::create(const SoundFormat& format) {
  // The histogram bounds memory: without it every 100 ms of the film is kept.
  constexpr int kMode = EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM;
  auto state = std::make_unique<State>();
  state->format = format;
  state->meter.reset(
      ebur128_init(static_cast<unsigned>(format.channels), static_cast<unsigned long>(format.sample_rate), kMode));
  if (!state->meter) return fail(ErrorCode::no_memory, "There is not enough memory to measure the loudness.");
  if (format.channels == 1) ebur128_set_channel(state->meter.get(), 0, EBUR128_DUAL_MONO);
  if (format.channels == 6) {
    // libav's order: front left, front right, centre, low frequency, back left, back right.
    constexpr int kMap[] = {EBUR128_LEFT,   EBUR128_RIGHT,         EBUR128_CENTER,
                            EBUR128_UNUSED, EBUR128_LEFT_SURROUND, EBUR128_RIGHT_SURROUND};
    for (unsigned c = 0; c < 6; ++c) ebur128_set_channel(state->meter.get(), c, kMap[c]);
  }
  return LoudnessMeter(std::move(state));
}

Result<void> LoudnessMeter::add(const float* const* planes, int samples) {
  auto& s = *state_;
  const auto channels = static_cast<std::size_t>(s.format.channels);
  s.interleaved.resize(static_cast<std::size_t>(samples) * channels);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < static_cast<std::size_t>(samples); ++i)
      s.interleaved[i * channels + c] = std::isfinite(planes[c][i]) ? planes[c][i] : 0.0F;
  if (ebur128_add_frames_float(s.meter.get(), s.interleaved.data(), static_cast<std::size_t>(samples)) !=
      EBUR128_SUCCESS)
    return fail(ErrorCode::no_memory, "There is not enough memory to measure the loudness.");
  return {};
}

std::optional<LoudnessInfo> LoudnessMeter::result() const {
  auto* meter = state_->meter.get();
  double integrated = -HUGE_VAL;
  double range = 0;
  double peak = 0;
  if (ebur128_loudness_global(meter, &integrated) != EBUR128_SUCCESS || !std::isfinite(integrated) || integrated < -70)
    return std::nullopt;
  ebur128_loudness_range(meter, &range);
  for (unsigned c = 0; c < static_cast<unsigned>(state_->format.channels); ++c) {
    double channel_peak = 0;
    if (ebur128_true_peak(meter, c, &channel_peak) == EBUR128_SUCCESS) peak = std::max(peak, channel_peak);
  }
  return LoudnessInfo{integrated, std::isfinite(range) ? range : 0, decibels(peak)};
}

double gain_to_reach(double target_lufs, const LoudnessInfo& measured) {
  return std::min(target_lufs - measured.integrated_lufs, kTruePeakLimit - measured.true_peak_dbtp);
}

}  // namespace vf::media::audio
