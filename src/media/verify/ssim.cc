#include "media/verify/ssim.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "media/av/ptr.h"
#include "media/verify/block_sums.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace vf::media::verify {
namespace {

constexpr double kWrongStep = 24;  // 8-bit steps between block means

// SSIM (Wang et al. 2004) of a window of `n` samples.
double ssim_of(const Sums& s, double n, double peak) {
  const double c1 = 0.01 * 0.01 * peak * peak * n * n;
  const double c2 = 0.03 * 0.03 * peak * peak * n * (n - 1);
  const auto a = static_cast<double>(s.a);
  const auto b = static_cast<double>(s.b);
  const double variances = static_cast<double>(s.squares) * n - a * a - b * b;
  const double covariance = static_cast<double>(s.products) * n - a * b;
  return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variances + c2));
}

class BlockMeans {
 public:
  BlockMeans(int blocks, double scale)
      : row_(static_cast<std::size_t>(blocks + 3) / 4), counts_(row_.size()), scale_(scale) {}
  void add(const std::vector<Sums>& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) row_[i / 4] += blocks[i], ++counts_[i / 4];
    if (++rows_ == 4) flush();
  }
  void finish(Likeness& out) {
    flush();
    if (total_ == 0) return;
    out.mean_difference = difference_ / total_;
    out.wrong_share = wrong_ / total_;
    const double power = (a2_ - a_ * a_ / total_) * (b2_ - b_ * b_ / total_);
    out.structure = power > 1e-9 ? (ab_ - a_ * b_ / total_) / std::sqrt(power) : 0;
  }

 private:
  void flush() {
    for (std::size_t i = 0; i < row_.size() && rows_ > 0; ++i) {
      const double a = static_cast<double>(row_[i].a) / (16.0 * counts_[i]) * scale_;
      const double b = static_cast<double>(row_[i].b) / (16.0 * counts_[i]) * scale_;
      const double step = std::abs(a - b);
      a_ += a, b_ += b, a2_ += a * a, b2_ += b * b, ab_ += a * b;
      difference_ += step;
      wrong_ += step > kWrongStep;
      ++total_;
      row_[i] = {};
      counts_[i] = 0;
    }
    rows_ = 0;
  }

  std::vector<Sums> row_;
  std::vector<int> counts_;
  double scale_;
  int rows_ = 0;
  double difference_ = 0;
  double wrong_ = 0;
  double total_ = 0;
  double a_ = 0, b_ = 0, a2_ = 0, b2_ = 0, ab_ = 0;  // sums over blocks, for the correlation
};

template <typename T>
Likeness compare(const AVFrame& fa, const AVFrame& fb, double peak) {
  const int columns = fa.width / 4;
  const int rows = fa.height / 4;
  const auto stride_a = fa.linesize[0] / static_cast<std::ptrdiff_t>(sizeof(T));
  const auto stride_b = fb.linesize[0] / static_cast<std::ptrdiff_t>(sizeof(T));
  const auto* a = reinterpret_cast<const T*>(fa.data[0]);
  const auto* b = reinterpret_cast<const T*>(fb.data[0]);
  std::vector<Sums> above(static_cast<std::size_t>(columns));
  std::vector<Sums> here(above.size());
  std::vector<std::uint32_t> scratch;
  BlockMeans means(columns, 255 / peak);
  Likeness out;
  double sum = 0;
  for (int y = 0; y < rows; ++y) {
    sum_blocks(a + y * 4 * stride_a, stride_a, b + y * 4 * stride_b, stride_b, columns, scratch, here);
    means.add(here);
    for (std::size_t x = 0; y > 0 && x + 1 < here.size(); ++x) {
      Sums window = here[x];
      window += here[x + 1];
      window += above[x];
      window += above[x + 1];
      sum += ssim_of(window, 64, peak);
    }
    std::swap(above, here);
  }
  out.ssim = sum / (static_cast<double>(rows - 1) * (columns - 1));
  means.finish(out);
  return out;
}

// Pictures too small for a window are one window.
template <typename T>
Likeness compare_tiny(const AVFrame& fa, const AVFrame& fb, double peak) {
  Sums sums;
  for (int y = 0; y < fa.height; ++y) {
    const auto* a = reinterpret_cast<const T*>(fa.data[0] + static_cast<std::ptrdiff_t>(y) * fa.linesize[0]);
    const auto* b = reinterpret_cast<const T*>(fb.data[0] + static_cast<std::ptrdiff_t>(y) * fb.linesize[0]);
    for (int x = 0; x < fa.width; ++x) {
      const std::int64_t va = a[x];
      const std::int64_t vb = b[x];
      sums += {va, vb, va * va + vb * vb, va * vb};
    }
  }
  const double n = static_cast<double>(fa.width) * fa.height;
  const double step = std::abs(static_cast<double>(sums.a - sums.b)) / n * 255 / peak;
  return {ssim_of(sums, n, peak), step, 0, step > kWrongStep ? 1.0 : 0.0};
}

}  // namespace

Likeness compare_luma(const AVFrame& a, const AVFrame& b) {
  const auto* descriptor = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(a.format));
  if (!descriptor || a.format != b.format || a.width != b.width || a.height != b.height || a.width < 1 || a.height < 1)
    return {};
  const bool deep = descriptor->comp[0].depth > 8;
  const double peak = (1 << descriptor->comp[0].depth) - 1;
  if (a.width < 8 || a.height < 8)
    return deep ? compare_tiny<std::uint16_t>(a, b, peak) : compare_tiny<std::uint8_t>(a, b, peak);
  return deep ? compare<std::uint16_t>(a, b, peak) : compare<std::uint8_t>(a, b, peak);
}

}  // namespace vf::media::verify
