#include "media/scale/draw.h"

#include <algorithm>
#include <cmath>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace vf::media {
namespace {

constexpr double kSdrWhite = 203;  // cd/m2 in HDR, ITU-R BT.2408

double pq_of_light(double l) {  // SMPTE ST 2084, l relative to 10000 cd/m2
  const double p = std::pow(std::max(l, 0.0), 0.1593017578125);
  return std::pow((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p), 78.84375);
}

double hlg_of_scene(double e) {  // ITU-R BT.2100 table 5
  return e <= 1.0 / 12 ? std::sqrt(3 * e) : 0.17883277 * std::log(12 * e - 0.28466892) + 0.55991073;
}

// An SDR colour as the signal of an HDR picture.
std::array<double, 3> hdr_signal(const std::array<double, 3>& sdr, const Light& light) {
  std::array<double, 3> l{};
  std::ranges::transform(sdr, l.begin(), [](double v) { return std::pow(v, 2.4) * kSdrWhite; });
  // ITU-R BT.2087: linear BT.709 to linear BT.2020.
  std::array<double, 3> wide{0.6274 * l[0] + 0.3293 * l[1] + 0.0433 * l[2],
                             0.0691 * l[0] + 0.9195 * l[1] + 0.0114 * l[2],
                             0.0164 * l[0] + 0.0880 * l[1] + 0.8956 * l[2]};
  const double y = 0.2627 * wide[0] + 0.6780 * wide[1] + 0.0593 * wide[2];
  for (auto& v : wide)
    v = light.transfer == Transfer::pq
            ? pq_of_light(v / 10000)
            : hlg_of_scene(y > 0 ? v / light.peak * std::pow(y / light.peak, 1 / 1.2 - 1) : 0);
  return wide;
}

void blend(int& value, int ink, int alpha) { value += ((ink - value) * alpha + (ink >= value ? 127 : -127)) / 255; }

// Calls `luma(x, y, sample)` for every pixel of the box that is inside, and `chroma` for every pair of
// chroma samples that it touches, both with picture coordinates.
template <typename Sample, typename Luma, typename Chroma>
void visit(AVFrame& picture, int x, int y, int width, int height, Luma luma, Chroma chroma) {
  const int left = std::max(x, 0), top = std::max(y, 0);
  const int right = std::min(x + width, picture.width), bottom = std::min(y + height, picture.height);
  if (left >= right || top >= bottom) return;
  const auto row = [&](int plane, int line) {
    return reinterpret_cast<Sample*>(picture.data[plane] + static_cast<std::ptrdiff_t>(line) * picture.linesize[plane]);
  };
  for (int line = top; line < bottom; ++line)
    for (int column = left; column < right; ++column) luma(column, line, row(0, line)[column]);
  for (int line = top / 2; line <= (bottom - 1) / 2; ++line)
    for (int column = left / 2; column <= (right - 1) / 2; ++column)
      chroma(column, line, row(1, line)[column], row(2, line)[column]);
}

template <typename Sample>
void draw_stamp(const Stamp& stamp, AVFrame& picture) {
  const auto at = [&](int x, int y) {
    return static_cast<std::size_t>(y - stamp.y) * static_cast<std::size_t>(stamp.width) +
           static_cast<std::size_t>(x - stamp.x);
  };
  const auto inside = [&](int x, int y) {
    return x >= stamp.x && y >= stamp.y && x < stamp.x + stamp.width && y < stamp.y + stamp.height;
  };
  visit<Sample>(
      picture, stamp.x, stamp.y, stamp.width, stamp.height,
      [&](int x, int y, Sample& sample) {
        int value = sample;
        blend(value, stamp.samples[3 * at(x, y)], stamp.alpha[at(x, y)]);
        sample = static_cast<Sample>(value);
      },
      [&](int x, int y, Sample& cb, Sample& cr) {
        int sum[3] = {};
        for (int i = 0; i < 4; ++i) {
          const int px = 2 * x + i % 2, py = 2 * y + i / 2;
          if (!inside(px, py)) continue;
          const int a = stamp.alpha[at(px, py)];
          sum[0] += a;
          sum[1] += a * stamp.samples[3 * at(px, py) + 1];
          sum[2] += a * stamp.samples[3 * at(px, py) + 2];
        }
        if (sum[0] == 0) return;
        int values[2] = {cb, cr};
        for (int i = 0; i < 2; ++i) blend(values[i], sum[i + 1] / sum[0], (sum[0] + 2) / 4);
        cb = static_cast<Sample>(values[0]);
        cr = static_cast<Sample>(values[1]);
      });
}

template <typename Sample>
void draw_mask(const Mask& mask, const Ink& ink, AVFrame& picture) {
  const auto coverage = [&](int x, int y) -> int {
    const int column = x - mask.x, line = y - mask.y;
    if (column < 0 || line < 0 || column >= mask.width || line >= mask.height) return 0;
    return mask.coverage[static_cast<std::ptrdiff_t>(line) * mask.stride + column] * mask.opacity / 255;
  };
  visit<Sample>(
      picture, mask.x, mask.y, mask.width, mask.height,
      [&](int x, int y, Sample& sample) {
        int value = sample;
        blend(value, ink.code[0], coverage(x, y));
        sample = static_cast<Sample>(value);
      },
      [&](int x, int y, Sample& cb, Sample& cr) {
        const int alpha = (coverage(2 * x, 2 * y) + coverage(2 * x + 1, 2 * y) + coverage(2 * x, 2 * y + 1) +
                           coverage(2 * x + 1, 2 * y + 1) + 2) /
                          4;
        int values[2] = {cb, cr};
        for (int i = 0; i < 2; ++i) blend(values[i], ink.code[static_cast<std::size_t>(i) + 1], alpha);
        cb = static_cast<Sample>(values[0]);
        cr = static_cast<Sample>(values[1]);
      });
}

}  // namespace

Ink ink_of(double red, double green, double blue, const Light& light, int bits) {
  std::array<double, 3> rgb{red, green, blue};
  auto w = kBt709;
  if (light.transfer != Transfer::sdr) {
    rgb = hdr_signal(rgb, light);
    w = light.weights;
  }
  const double y = w.kr * rgb[0] + (1 - w.kr - w.kb) * rgb[1] + w.kb * rgb[2];
  const double scale = 1 << (bits - 8);
  const auto code = [&](double v) { return static_cast<int>(std::lround(v * scale)); };
  return {{code(16 + 219 * y), code(128 + 224 * (rgb[2] - y) / (2 * (1 - w.kb))),
           code(128 + 224 * (rgb[0] - y) / (2 * (1 - w.kr)))}};
}

Stamp make_stamp(const RgbaImage& image, int x, int y, double opacity, const Light& light, int bits) {
  Stamp stamp{x, y, image.width, image.height, {}, {}};
  const auto count = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  stamp.samples.reserve(3 * count);
  stamp.alpha.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* p = image.pixels.data() + 4 * i;
    const auto ink = ink_of(p[0] / 255.0, p[1] / 255.0, p[2] / 255.0, light, bits);
    for (const int code : ink.code) stamp.samples.push_back(static_cast<std::uint16_t>(code));
    stamp.alpha.push_back(static_cast<std::uint8_t>(std::lround(p[3] * std::clamp(opacity, 0.0, 1.0))));
  }
  return stamp;
}

void draw(const Stamp& stamp, AVFrame& picture) {
  if (picture.format == AV_PIX_FMT_YUV420P)
    draw_stamp<std::uint8_t>(stamp, picture);
  else
    draw_stamp<std::uint16_t>(stamp, picture);
}

void draw(const Mask& mask, const Ink& ink, AVFrame& picture) {
  if (picture.format == AV_PIX_FMT_YUV420P)
    draw_mask<std::uint8_t>(mask, ink, picture);
  else
    draw_mask<std::uint16_t>(mask, ink, picture);
}

}  // namespace vf::media
