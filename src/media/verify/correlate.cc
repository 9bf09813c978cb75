#include "media/verify/correlate.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/tx.h>
}

namespace vf::media::verify {
namespace {

using Complex = std::complex<float>;

struct TxFree {
  void operator()(AVTXContext* context) const { av_tx_uninit(&context); }
};
struct AvFree {
  void operator()(void* p) const { av_free(p); }
};
using Spectrum = std::unique_ptr<Complex[], AvFree>;

class Fourier {
 public:
  Fourier(int size, bool inverse) {
    AVTXContext* raw = nullptr;
    const float scale = 1;
    av_tx_init(&raw, &transform_, AV_TX_FLOAT_FFT, inverse, size, &scale, 0);
    context_.reset(raw);
  }
  explicit operator bool() const { return context_ != nullptr; }
  void run(Complex* out, Complex* in) { transform_(context_.get(), out, in, sizeof(Complex)); }
  static Spectrum allocate(int size) {
    return Spectrum(static_cast<Complex*>(av_calloc(static_cast<std::size_t>(size), sizeof(Complex))));
  }

 private:
  std::unique_ptr<AVTXContext, TxFree> context_;
  av_tx_fn transform_ = nullptr;
};

// Running sums of squares: the energy of any stretch in two look-ups.
std::vector<double> energy_sums(const std::vector<float>& sound) {
  std::vector<double> out(sound.size() + 1);
  for (std::size_t i = 0; i < sound.size(); ++i) out[i + 1] = out[i] + static_cast<double>(sound[i]) * sound[i];
  return out;
}

// Differences of neighbours: weakens bass, whose slow waves hide where sound lies.
std::vector<float> brighten(const std::vector<float>& sound) {
  std::vector<float> out(sound.size());
  for (std::size_t i = 1; i < sound.size(); ++i) out[i] = sound[i] - 0.9F * sound[i - 1];
  return out;
}

// Correlation of the overlap at every lag from -range to range, normalised to -1..1.
std::vector<double> correlate(const std::vector<float>& a, const std::vector<float>& b, int range) {
  int size = 1;
  while (size < static_cast<int>(a.size()) * 2) size *= 2;
  Fourier forward(size, false);
  Fourier backward(size, true);
  auto in = Fourier::allocate(size);
  auto fa = Fourier::allocate(size);
  auto fb = Fourier::allocate(size);
  if (!forward || !backward || !in || !fa || !fb) return {};
  std::ranges::copy(a, in.get());
  forward.run(fa.get(), in.get());
  std::fill_n(in.get(), size, Complex{});
  std::ranges::copy(b, in.get());
  forward.run(fb.get(), in.get());
  for (int i = 0; i < size; ++i) in[i] = std::conj(fa[i]) * fb[i];
  backward.run(fb.get(), in.get());

  const auto ea = energy_sums(a);
  const auto eb = energy_sums(b);
  const auto n = static_cast<int>(a.size());
  std::vector<double> out(static_cast<std::size_t>(2 * range + 1));
  for (int lag = -range; lag <= range; ++lag) {
    // a[i] meets b[i + lag].
    const int first = std::max(0, -lag);
    const int last = std::min(n, n - lag);
    const auto energy = [&](const std::vector<double>& sums, int from, int to) {
      return sums[static_cast<std::size_t>(to)] - sums[static_cast<std::size_t>(from)];
    };
    const double power = energy(ea, first, last) * energy(eb, first + lag, last + lag);
    const double sum = static_cast<double>(fb[(lag + size) % size].real()) / size;
    out[static_cast<std::size_t>(lag + range)] = power > 1e-12 ? sum / std::sqrt(power) : 0;
  }
  return out;
}

}  // namespace

double level(const std::vector<float>& sound) {
  double sum = 0;
  for (const float v : sound) sum += static_cast<double>(v) * v;
  return sound.empty() ? 0 : std::sqrt(sum / static_cast<double>(sound.size()));
}

std::optional<Match> find_lag(const std::vector<float>& reference, const std::vector<float>& later, int rate,
                              double range_seconds) {
  if (reference.size() != later.size() || reference.empty()) return std::nullopt;
  const int range = std::min(static_cast<int>(range_seconds * rate), static_cast<int>(reference.size()) / 2);
  const auto r = correlate(brighten(reference), brighten(later), range);
  if (r.empty()) return std::nullopt;
  const auto best = std::ranges::max_element(r);
  Match match{static_cast<double>(best - r.begin() - range) / rate, *best, true};
  // A rival: another peak nearly as high, further away than the width of the peak itself.
  const auto peak = static_cast<int>(best - r.begin());
  const int width = std::max(1, rate * 6 / 1000);
  for (int i = 0; i < static_cast<int>(r.size()); ++i)
    if (std::abs(i - peak) > width && r[static_cast<std::size_t>(i)] > 0.9 * *best) match.clear = false;
  // A sound that matches as well where it should lie is not accused.
  for (int i = 0; i < static_cast<int>(r.size()); ++i)
    if (r[static_cast<std::size_t>(i)] > 0.97 * *best &&
        std::abs(i - range) < std::abs(static_cast<int>(std::lround(match.lag_seconds * rate))))
      match.lag_seconds = static_cast<double>(i - range) / rate;
  return match;
}

}  // namespace vf::media::verify
