#include "media/scale/matrix.h"

#include <algorithm>
#include <array>
#include <cmath>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace vf::media {
namespace {

constexpr int kOne = 1 << 16;

std::int32_t fixed(double v) { return static_cast<std::int32_t>(std::lround(v * kOne)); }

// R', G', B' of a unit of one chroma component at luma 0 (ITU-T H.273 8.3, equations 41-43 inverted).
std::array<double, 3> rgb_of_chroma(LumaWeights w, double cb, double cr) {
  const double r = 2 * (1 - w.kr) * cr;
  const double b = 2 * (1 - w.kb) * cb;
  const double g = -(w.kr * r + w.kb * b) / (1 - w.kr - w.kb);
  return {r, g, b};
}

std::array<double, 3> ycc_of_rgb(LumaWeights w, const std::array<double, 3>& rgb) {
  const double y = w.kr * rgb[0] + (1 - w.kr - w.kb) * rgb[1] + w.kb * rgb[2];
  return {y, (rgb[2] - y) / (2 * (1 - w.kb)), (rgb[0] - y) / (2 * (1 - w.kr))};
}

}  // namespace

MatrixToBt709::MatrixToBt709(LumaWeights from) {
  const auto of_cb = ycc_of_rgb(kBt709, rgb_of_chroma(from, 1, 0));
  const auto of_cr = ycc_of_rgb(kBt709, rgb_of_chroma(from, 0, 1));
  constexpr double kLumaPerChroma = 219.0 / 224.0;  // limited range gives luma fewer steps
  y_from_cb_ = fixed(of_cb[0] * kLumaPerChroma);
  y_from_cr_ = fixed(of_cr[0] * kLumaPerChroma);
  cb_from_cb_ = fixed(of_cb[1]);
  cr_from_cb_ = fixed(of_cb[2]);
  cb_from_cr_ = fixed(of_cr[1]);
  cr_from_cr_ = fixed(of_cr[2]);
}

template <typename Sample>
void MatrixToBt709::run_on(const AVFrame& from, AVFrame& to, int bits) {
  const int chroma_width = (from.width + 1) / 2;
  const int chroma_height = (from.height + 1) / 2;
  const int zero = 128 << (bits - 8);
  const int top = (1 << bits) - 1;
  const auto row = [](const AVFrame& f, int plane, int y) {
    return reinterpret_cast<Sample*>(f.data[plane] + static_cast<std::ptrdiff_t>(y) * f.linesize[plane]);
  };
  const auto stride = static_cast<std::size_t>(chroma_width) + 1;  // one more: the right neighbour
  shares_.resize(stride * static_cast<std::size_t>(chroma_height));
  for (int y = 0; y < chroma_height; ++y) {
    const Sample* u = row(from, 1, y);
    const Sample* v = row(from, 2, y);
    Sample* to_u = row(to, 1, y);
    Sample* to_v = row(to, 2, y);
    auto* share = shares_.data() + stride * static_cast<std::size_t>(y);
    for (int x = 0; x < chroma_width; ++x) {
      const int cb = u[x] - zero;
      const int cr = v[x] - zero;
      share[x] = y_from_cb_ * cb + y_from_cr_ * cr;
      to_u[x] =
          static_cast<Sample>(std::clamp(zero + ((cb_from_cb_ * cb + cb_from_cr_ * cr + kOne / 2) >> 16), 0, top));
      to_v[x] =
          static_cast<Sample>(std::clamp(zero + ((cr_from_cb_ * cb + cr_from_cr_ * cr + kOne / 2) >> 16), 0, top));
    }
    share[chroma_width] = share[chroma_width - 1];
  }
  // Chroma stands on the left one of its two columns and between its two rows (H.273
  // chroma_sample_loc_type 0), so luma takes from its neighbours in these shares.
  std::vector<std::int32_t> gains(stride);
  for (int y = 0; y < from.height; ++y) {
    const int near = y / 2;
    const int far = std::clamp(y % 2 == 0 ? near - 1 : near + 1, 0, chroma_height - 1);
    const auto* a = shares_.data() + stride * static_cast<std::size_t>(near);
    const auto* b = shares_.data() + stride * static_cast<std::size_t>(far);
    for (std::size_t x = 0; x < stride; ++x) gains[x] = 3 * (a[x] >> 2) + (b[x] >> 2);
    const Sample* luma = row(from, 0, y);
    Sample* to_luma = row(to, 0, y);
    for (int x = 0; x < from.width; ++x) {
      const auto c = static_cast<std::size_t>(x / 2);
      const int gain = x % 2 == 0 ? gains[c] : (gains[c] >> 1) + (gains[c + 1] >> 1);
      to_luma[x] = static_cast<Sample>(std::clamp(luma[x] + ((gain + kOne / 2) >> 16), 0, top));
    }
  }
}

void MatrixToBt709::run(const AVFrame& from, AVFrame& to) {
  if (from.format == AV_PIX_FMT_YUV420P)
    run_on<std::uint8_t>(from, to, 8);
  else
    run_on<std::uint16_t>(from, to, 10);
}

}  // namespace vf::media
