#include "media/compare/frame_score.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "media/av/ptr.h"
#include "media/verify/block_sums.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace vf::media::compare {
namespace {

using verify::Sums;

struct PlanePair {
  const std::uint8_t* a;
  std::ptrdiff_t stride_a;
  const std::uint8_t* b;
  std::ptrdiff_t stride_b;
  int width;
  int height;
  int depth;
};

template <typename T>
const T* row(const std::uint8_t* plane, std::ptrdiff_t stride, int y) {
  return reinterpret_cast<const T*>(plane + y * stride);
}

template <typename T>
double squared_error(const PlanePair& p) {
  std::uint64_t sum = 0;
  for (int y = 0; y < p.height; ++y) {
    const auto* a = row<T>(p.a, p.stride_a, y);
    const auto* b = row<T>(p.b, p.stride_b, y);
    // Parts so short that 32 bits hold the squares of 12-bit samples.
    for (int from = 0; from < p.width; from += 128) {
      std::uint32_t part = 0;
      for (int x = from; x < std::min(p.width, from + 128); ++x) {
        const std::int32_t d = static_cast<std::int32_t>(a[x]) - static_cast<std::int32_t>(b[x]);
        part += static_cast<std::uint32_t>(d * d);
      }
      sum += part;
    }
  }
  return static_cast<double>(sum) / (static_cast<double>(p.width) * p.height);
}

// The constants of x264 and ffmpeg, which are not those of Wang et al. for sums over 64 samples: the
// first is smaller by a factor of 64. Rounded at 8 bits, as there.
struct Stabilisers {
  double c1, c2;
  explicit Stabilisers(int depth) {
    const double peak = (1 << depth) - 1;
    c1 = 0.01 * 0.01 * peak * peak * 64;
    c2 = 0.03 * 0.03 * peak * peak * 64 * 63;
    if (depth == 8) c1 = std::floor(c1 + 0.5), c2 = std::floor(c2 + 0.5);
  }
};

double ssim_of(const Sums& s, const Stabilisers& k) {
  const auto a = static_cast<double>(s.a);
  const auto b = static_cast<double>(s.b);
  const double variances = static_cast<double>(s.squares) * 64 - a * a - b * b;
  const double covariance = static_cast<double>(s.products) * 64 - a * b;
  return (2 * a * b + k.c1) * (2 * covariance + k.c2) / ((a * a + b * b + k.c1) * (variances + k.c2));
}

template <typename T>
double plane_ssim(const PlanePair& p) {
  const int columns = p.width / 4;
  const int rows = p.height / 4;
  // Too small for a window: alike or not.
  if (columns < 2 || rows < 2) return squared_error<T>(p) == 0 ? 1 : 0;
  const Stabilisers constants(p.depth);
  const auto stride_a = p.stride_a / static_cast<std::ptrdiff_t>(sizeof(T));
  const auto stride_b = p.stride_b / static_cast<std::ptrdiff_t>(sizeof(T));
  std::vector<Sums> above(static_cast<std::size_t>(columns));
  std::vector<Sums> here(above.size());
  std::vector<std::uint32_t> scratch;
  double sum = 0;
  for (int y = 0; y < rows; ++y) {
    verify::sum_blocks(row<T>(p.a, p.stride_a, 4 * y), stride_a, row<T>(p.b, p.stride_b, 4 * y), stride_b, columns,
                       scratch, here);
    for (std::size_t x = 0; y > 0 && x + 1 < here.size(); ++x) {
      Sums window = here[x];
      window += here[x + 1];
      window += above[x];
      window += above[x + 1];
      sum += ssim_of(window, constants);
    }
    std::swap(above, here);
  }
  return sum / (static_cast<double>(rows - 1) * (columns - 1));
}

double weighted(const FrameScore& score, const std::array<double, 3>& values) {
  double out = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(score.planes); ++i) out += score.weight[i] * values[i];
  return out;
}

}  // namespace

double FrameScore::weighted_mse() const { return weighted(*this, mse); }
double FrameScore::weighted_ssim() const { return weighted(*this, ssim); }

bool can_score(int format) {
  const auto* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  constexpr std::uint64_t kOther = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                                   AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_ALPHA;
  if (!d || (d->flags & kOther) || (d->nb_components != 1 && d->nb_components != 3)) return false;
  const int depth = d->comp[0].depth;
  if (depth < 8 || depth > 12 || (depth > 8 && (d->flags & AV_PIX_FMT_FLAG_BE))) return false;
  for (int i = 0; i < d->nb_components; ++i)
    if (d->comp[i].plane != i || d->comp[i].shift != 0 || d->comp[i].depth != depth ||
        d->comp[i].step != (depth > 8 ? 2 : 1))
      return false;
  return true;
}

Result<FrameScore> score(const AVFrame& reference, const AVFrame& other) {
  if (reference.format != other.format || reference.width != other.width || reference.height != other.height ||
      !can_score(reference.format))
    return fail(ErrorCode::invalid_argument, "Two pictures of different size or format cannot be compared.");
  const auto& d = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(reference.format));
  FrameScore out;
  out.planes = d.nb_components;
  out.depth = d.comp[0].depth;
  double samples = 0;
  for (int i = 0; i < out.planes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const PlanePair pair{reference.data[i],
                         reference.linesize[i],
                         other.data[i],
                         other.linesize[i],
                         i == 0 ? reference.width : AV_CEIL_RSHIFT(reference.width, d.log2_chroma_w),
                         i == 0 ? reference.height : AV_CEIL_RSHIFT(reference.height, d.log2_chroma_h),
                         out.depth};
    out.mse[at] = out.depth > 8 ? squared_error<std::uint16_t>(pair) : squared_error<std::uint8_t>(pair);
    out.ssim[at] = out.depth > 8 ? plane_ssim<std::uint16_t>(pair) : plane_ssim<std::uint8_t>(pair);
    out.weight[at] = static_cast<double>(pair.width) * pair.height;
    samples += out.weight[at];
  }
  for (auto& weight : out.weight) weight /= samples;
  return out;
}

double psnr(double mse, int depth) {
  const double peak = (1 << depth) - 1;
  return mse > 0 ? std::min(kIdenticalPsnr, 10 * std::log10(peak * peak / mse)) : kIdenticalPsnr;
}

}  // namespace vf::media::compare
