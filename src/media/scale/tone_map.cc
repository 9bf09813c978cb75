#include "media/scale/tone_map.h"

#include <algorithm>
#include <cmath>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace vf::media {
namespace {

constexpr double kSdrWhite = 203;        // cd/m2 of HDR that stand for SDR white (ITU-R BT.2408)
constexpr double kSdrGamma = 2.4;        // ITU-R BT.1886
constexpr double kHlgSystemGamma = 1.2;  // at a nominal peak of 1000 cd/m2 (ITU-R BT.2100 note 5e)
constexpr LumaWeights kBt2020{0.2627, 0.0593};
constexpr int kFine = 16;  // table steps in one 10-bit code

using Triple = std::array<double, 3>;

// SMPTE ST 2084, light relative to 10000 cd/m2.
double pq_to_light(double v) {
  constexpr double m1 = 0.1593017578125, m2 = 78.84375, c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;
  const double p = std::pow(std::clamp(v, 0.0, 1.0), 1 / m2);
  return std::pow(std::max(p - c1, 0.0) / (c2 - c3 * p), 1 / m1);
}

double light_to_pq(double l) {
  constexpr double m1 = 0.1593017578125, m2 = 78.84375, c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;
  const double p = std::pow(std::max(l, 0.0), m1);
  return std::pow((c1 + c2 * p) / (1 + c3 * p), m2);
}

// ITU-R BT.2100 table 5, scene light 0..1.
double hlg_to_scene(double v) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
  v = std::clamp(v, 0.0, 1.0);
  return v <= 0.5 ? v * v / 3 : (std::exp((v - c) / a) + b) / 12;
}

double luminance_2020(const Triple& c) { return 0.2627 * c[0] + 0.6780 * c[1] + 0.0593 * c[2]; }

// R'G'B' of the source to light, 1 = 10000 cd/m2.
Triple light_of_signal(const Triple& rgb, const Light& light) {
  Triple out{};
  switch (light.transfer) {
    case Transfer::pq:
      std::ranges::transform(rgb, out.begin(), pq_to_light);
      break;
    case Transfer::hlg: {
      std::ranges::transform(rgb, out.begin(), hlg_to_scene);
      const double y = std::max(luminance_2020(out), 1e-6);
      const double gain = std::pow(y, kHlgSystemGamma - 1) * light.peak / 10000;
      for (auto& c : out) c *= gain;
      break;
    }
    case Transfer::sdr:
      std::ranges::transform(rgb, out.begin(),
                             [](double v) { return std::pow(std::clamp(v, 0.0, 1.0), kSdrGamma) * kSdrWhite / 10000; });
      break;
  }
  return out;
}

// ITU-R BT.2407 annex 1: linear BT.2020 to linear BT.709.
Triple to_709(const Triple& c) {
  return {1.6605 * c[0] - 0.5876 * c[1] - 0.0728 * c[2], -0.1246 * c[0] + 1.1329 * c[1] - 0.0083 * c[2],
          -0.0182 * c[0] - 0.1006 * c[1] + 1.1187 * c[2]};
}

// Moves a colour towards the grey of its luminance until BT.709 can show it. What BT.709 can show
// stays exactly: most wide-gamut films hardly leave it, and its own pure colours stand on the border.
void fit_gamut(Triple& c) {
  const double y = std::clamp(0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2], 0.0, 1.0);
  double reach = 0;  // 1 = on the border
  for (const double v : c) {
    const double room = v < y ? y : 1 - y;
    if (const double distance = std::abs(v - y); distance > 1e-9)
      reach = std::max(reach, room > 1e-9 ? distance / room : 1e9);
  }
  if (reach <= 1) return;
  for (auto& v : c) v = y + (v - y) / reach;
}

// BT.2020 R'G'B' of the source to BT.709 R'G'B' of an SDR screen.
Triple shown(const Triple& signal, const Light& light) {
  auto c = light_of_signal(signal, light);
  if (light.transfer != Transfer::sdr) {
    const double brightest = std::max({c[0], c[1], c[2]});
    if (brightest > 0) {
      const double peak = light_to_pq(light.peak / 10000);
      const double top = light_to_pq(kSdrWhite / 10000) / peak;
      const double mapped = pq_to_light(compress_pq(std::min(light_to_pq(brightest) / peak, 1.0), top) * peak);
      for (auto& v : c) v *= mapped / brightest;
    }
  }
  for (auto& v : c) v *= 10000 / kSdrWhite;
  if (light.wide) c = to_709(c);
  fit_gamut(c);
  for (auto& v : c) v = std::pow(std::clamp(v, 0.0, 1.0), 1 / kSdrGamma);
  return c;
}

}  // namespace

double compress_pq(double value, double top) {
  if (top >= 1) return value;
  const double knee = std::max(1.5 * top - 0.5, 0.0);
  if (value <= knee) return value;
  const double t = (value - knee) / (1 - knee);
  const double t2 = t * t;
  const double t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (-2 * t3 + 3 * t2) * top;
}

ToneMap::ToneMap(const Light& light) : table_(static_cast<std::size_t>(kChromaNodes * kChromaNodes * 3 * kLumaNodes)) {
  const auto w = light.wide ? kBt2020 : light.weights;
  auto* out = table_.data();
  for (int b = 0; b < kChromaNodes; ++b)
    for (int r = 0; r < kChromaNodes; ++r, out += 3 * kLumaNodes)
      for (int l = 0; l < kLumaNodes; ++l) {
        const double y = (l * 16 - 64) / 876.0;
        const double cb = (b * 32 - 512) / 896.0;
        const double cr = (r * 32 - 512) / 896.0;
        Triple rgb{y + 2 * (1 - w.kr) * cr, 0, y + 2 * (1 - w.kb) * cb};
        rgb[1] = (y - w.kr * rgb[0] - w.kb * rgb[2]) / (1 - w.kr - w.kb);
        const auto c = shown(rgb, light);
        const double luma = kBt709.kr * c[0] + (1 - kBt709.kr - kBt709.kb) * c[1] + kBt709.kb * c[2];
        const double codes[3] = {64 + 876 * luma, 512 + 896 * (c[2] - luma) / (2 * (1 - kBt709.kb)),
                                 512 + 896 * (c[0] - luma) / (2 * (1 - kBt709.kr))};
        for (int i = 0; i < 3; ++i) out[i * kLumaNodes + l] = static_cast<std::int16_t>(std::lround(codes[i] * kFine));
      }
}

ToneMap::Cell ToneMap::cell_of(int cb, int cr) const {
  const int b = std::min(cb >> 5, kChromaNodes - 2);
  const int r = std::min(cr >> 5, kChromaNodes - 2);
  const int fb = cb - b * 32;
  const int fr = cr - r * 32;
  const auto column = [&](int i, int j) {
    return table_.data() + static_cast<std::ptrdiff_t>(i * kChromaNodes + j) * 3 * kLumaNodes;
  };
  return {{{column(b, r), (32 - fb) * (32 - fr)},
           {column(b, r + 1), (32 - fb) * fr},
           {column(b + 1, r), fb * (32 - fr)},
           {column(b + 1, r + 1), fb * fr}}};
}

// The value at a luma code, times 16 (kFine), 1024 (chroma weights) and 16 (luma weights), over 16.
inline std::int32_t ToneMap::look_up(const Cell& cell, int component, int luma) {
  const int node = std::min(luma >> 4, kLumaNodes - 2);
  const int part = luma - node * 16;
  std::int32_t low = 0;
  std::int32_t high = 0;
  for (const auto& corner : cell) {
    const auto* values = corner.column + component * kLumaNodes + node;
    low += corner.weight * values[0];
    high += corner.weight * values[1];
  }
  return (low >> 4) * (16 - part) + (high >> 4) * part;
}

// `shift` takes a looked-up value to the codes of the result.
template <typename Sample>
void ToneMap::run_to(const AVFrame& from, AVFrame& to, int shift) const {
  const int half = 1 << (shift - 1);
  const auto row = [](const AVFrame& f, int plane, int y) {
    return f.data[plane] + static_cast<std::ptrdiff_t>(y) * f.linesize[plane];
  };
  for (int y = 0; y < from.height; y += 2) {
    const int rows = std::min(2, from.height - y);
    const auto* cb = reinterpret_cast<const std::uint16_t*>(row(from, 1, y / 2));
    const auto* cr = reinterpret_cast<const std::uint16_t*>(row(from, 2, y / 2));
    auto* out_cb = reinterpret_cast<Sample*>(row(to, 1, y / 2));
    auto* out_cr = reinterpret_cast<Sample*>(row(to, 2, y / 2));
    for (int x = 0; x < from.width; x += 2) {
      const auto cell = cell_of(std::min<int>(cb[x / 2], 1023), std::min<int>(cr[x / 2], 1023));
      const int columns = std::min(2, from.width - x);
      int sum = 0;
      for (int i = 0; i < rows; ++i) {
        const auto* luma = reinterpret_cast<const std::uint16_t*>(row(from, 0, y + i)) + x;
        auto* out = reinterpret_cast<Sample*>(row(to, 0, y + i)) + x;
        for (int j = 0; j < columns; ++j) {
          const int value = std::min<int>(luma[j], 1023);
          sum += value;
          out[j] = static_cast<Sample>((look_up(cell, 0, value) + half) >> shift);
        }
      }
      const int mean = sum / (rows * columns);
      out_cb[x / 2] = static_cast<Sample>((look_up(cell, 1, mean) + half) >> shift);
      out_cr[x / 2] = static_cast<Sample>((look_up(cell, 2, mean) + half) >> shift);
    }
  }
}

void ToneMap::run(const AVFrame& from, AVFrame& to) const {
  // Looked-up values are 10-bit codes times 2^14.
  if (to.format == AV_PIX_FMT_YUV420P)
    run_to<std::uint8_t>(from, to, 16);
  else
    run_to<std::uint16_t>(from, to, 14);
}

}  // namespace vf::media
