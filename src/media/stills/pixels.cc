#include "media/stills/pixels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

extern "C" {
#include <libavutil/frame.h>
}

// One source, compiled for wide vectors too where the machine has them; the arithmetic is the same.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define VF_VECTOR __attribute__((target_clones("avx2", "default")))
#else
#define VF_VECTOR
#endif

namespace vf::media::stills {
namespace {

constexpr int kRgbBits = 18;
constexpr int kJpegBits = 14;
constexpr LumaWeights kBt601{0.299, 0.114};

std::int32_t fixed(double value, int bits) { return static_cast<std::int32_t>(std::lround(std::ldexp(value, bits))); }

inline std::uint8_t clamped(std::int32_t v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); }

struct RgbNumbers {
  std::int32_t luma_offset, luma, red_cr, green_cb, green_cr, blue_cb;
};

// Chroma at every pixel of a row, 16 times, less its middle. `near` counts three times, `far` once.
VF_VECTOR void spread(const std::uint8_t* __restrict near, const std::uint8_t* __restrict far, int count, bool centred,
                      std::int16_t* __restrict sum, std::int16_t* __restrict out, int width) {
  for (int i = 0; i < count; ++i) sum[i] = static_cast<std::int16_t>(3 * near[i] + far[i] - 4 * 128);
  sum[count] = sum[count - 1];
  sum[-1] = sum[0];
  const int pairs = width / 2;
  if (centred) {
    for (int i = 0; i < pairs; ++i) {
      out[2 * i] = static_cast<std::int16_t>(3 * sum[i] + sum[i - 1]);
      out[2 * i + 1] = static_cast<std::int16_t>(3 * sum[i] + sum[i + 1]);
    }
    if (width % 2) out[width - 1] = static_cast<std::int16_t>(3 * sum[pairs] + sum[pairs - 1]);
  } else {
    for (int i = 0; i < pairs; ++i) {
      out[2 * i] = static_cast<std::int16_t>(4 * sum[i]);
      out[2 * i + 1] = static_cast<std::int16_t>(2 * (sum[i] + sum[i + 1]));
    }
    if (width % 2) out[width - 1] = static_cast<std::int16_t>(4 * sum[pairs]);
  }
}

VF_VECTOR void to_rgb_row(const RgbNumbers& n, const std::uint8_t* __restrict luma, const std::int16_t* __restrict cb,
                          const std::int16_t* __restrict cr, std::uint8_t* __restrict out, int width) {
  constexpr std::int32_t kHalf = 1 << (kRgbBits - 1);
  for (int x = 0; x < width; ++x) {
    const std::int32_t y = n.luma * (luma[x] - n.luma_offset) + kHalf;
    out[3 * x] = clamped((y + n.red_cr * cr[x]) >> kRgbBits);
    out[3 * x + 1] = clamped((y + n.green_cb * cb[x] + n.green_cr * cr[x]) >> kRgbBits);
    out[3 * x + 2] = clamped((y + n.blue_cb * cb[x]) >> kRgbBits);
  }
}

struct JpegNumbers {
  std::int32_t luma_offset, luma, luma_cb, luma_cr, cb_cb, cb_cr, cr_cb, cr_cr;
};

// One row of chroma, and what it adds to the luma of its two rows.
VF_VECTOR void jpeg_chroma(const JpegNumbers& n, const std::uint8_t* __restrict cb, const std::uint8_t* __restrict cr,
                           int count, std::uint8_t* __restrict cb_out, std::uint8_t* __restrict cr_out,
                           std::int32_t* __restrict added) {
  constexpr std::int32_t kMiddle = (128 << kJpegBits) + (1 << (kJpegBits - 1));
  for (int i = 0; i < count; ++i) {
    const std::int32_t b = cb[i] - 128;
    const std::int32_t r = cr[i] - 128;
    cb_out[i] = clamped((n.cb_cb * b + n.cb_cr * r + kMiddle) >> kJpegBits);
    cr_out[i] = clamped((n.cr_cb * b + n.cr_cr * r + kMiddle) >> kJpegBits);
    const auto more = n.luma_cb * b + n.luma_cr * r;
    added[2 * i] = more;
    added[2 * i + 1] = more;
  }
}

VF_VECTOR void jpeg_luma(const JpegNumbers& n, const std::uint8_t* __restrict luma,
                         const std::int32_t* __restrict added, int width, std::uint8_t* __restrict out) {
  constexpr std::int32_t kHalf = 1 << (kJpegBits - 1);
  for (int x = 0; x < width; ++x)
    out[x] = clamped((n.luma * (luma[x] - n.luma_offset) + added[x] + kHalf) >> kJpegBits);
}

const std::uint8_t* line(const AVFrame& frame, int plane, int y) {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane];
}

void repeat_edge(std::uint8_t* row, int from, int to) {
  if (from > 0 && to > from) std::memset(row + from, row[from - 1], static_cast<std::size_t>(to - from));
}

}  // namespace

bool is_plain_420(const AVFrame& frame) {
  return frame.format == AV_PIX_FMT_YUV420P || frame.format == AV_PIX_FMT_YUVJ420P;
}

RgbPixels::RgbPixels(const Light& light) {
  const auto [kr, kb] = light.weights;
  const double kg = 1 - kr - kb;
  const double luma = light.full_range ? 1.0 : 255.0 / 219;
  const double chroma = (light.full_range ? 1.0 : 255.0 / 224) / 16;
  luma_offset_ = light.full_range ? 0 : 16;
  luma_ = fixed(luma, kRgbBits);
  red_cr_ = fixed(2 * (1 - kr) * chroma, kRgbBits);
  blue_cb_ = fixed(2 * (1 - kb) * chroma, kRgbBits);
  green_cb_ = fixed(-2 * kb * (1 - kb) / kg * chroma, kRgbBits);
  green_cr_ = fixed(-2 * kr * (1 - kr) / kg * chroma, kRgbBits);
}

void RgbPixels::row(const AVFrame& frame, int y, std::uint8_t* out) const {
  const int width = frame.width;
  const int count = (width + 1) / 2;
  const int rows = (frame.height + 1) / 2;
  const int near = y / 2;
  const int far = std::clamp(y % 2 ? near + 1 : near - 1, 0, rows - 1);
  thread_local std::vector<std::int16_t> room;
  const auto wide = static_cast<std::size_t>(width) + 64;
  room.resize(3 * wide);
  auto* sum = room.data() + 16;
  auto* cb = room.data() + wide;
  auto* cr = cb + wide;
  const bool centred = frame.chroma_location == AVCHROMA_LOC_CENTER;
  spread(line(frame, 1, near), line(frame, 1, far), count, centred, sum, cb, width);
  spread(line(frame, 2, near), line(frame, 2, far), count, centred, sum, cr, width);
  to_rgb_row({luma_offset_, luma_, red_cr_, green_cb_, green_cr_, blue_cb_}, line(frame, 0, y), cb, cr, out, width);
}

JpegPixels::JpegPixels(const Light& light) {
  const auto [kr, kb] = light.weights;
  const double kg = 1 - kr - kb;
  const double luma = light.full_range ? 1.0 : 255.0 / 219;
  const double chroma = light.full_range ? 1.0 : 255.0 / 224;
  // R, G, B less luma, from chroma in [-0.5, 0.5].
  const double r_cr = 2 * (1 - kr), b_cb = 2 * (1 - kb);
  const double g_cb = -2 * kb * (1 - kb) / kg, g_cr = -2 * kr * (1 - kr) / kg;
  const double g601 = 1 - kBt601.kr - kBt601.kb;
  const double y_cb = g601 * g_cb + kBt601.kb * b_cb;
  const double y_cr = g601 * g_cr + kBt601.kr * r_cr;
  luma_offset_ = light.full_range ? 0 : 16;
  luma_ = fixed(luma, kJpegBits);
  luma_cb_ = fixed(y_cb * chroma, kJpegBits);
  luma_cr_ = fixed(y_cr * chroma, kJpegBits);
  cb_cb_ = fixed((b_cb - y_cb) / (2 * (1 - kBt601.kb)) * chroma, kJpegBits);
  cb_cr_ = fixed(-y_cr / (2 * (1 - kBt601.kb)) * chroma, kJpegBits);
  cr_cb_ = fixed(-y_cb / (2 * (1 - kBt601.kr)) * chroma, kJpegBits);
  cr_cr_ = fixed((r_cr - y_cr) / (2 * (1 - kBt601.kr)) * chroma, kJpegBits);
  same_ = light.full_range && light.weights == kBt601;
}

void JpegPixels::strip(const AVFrame& frame, int y, const JpegStrip& out) const {
  const JpegNumbers n{luma_offset_, luma_, luma_cb_, luma_cr_, cb_cb_, cb_cr_, cr_cb_, cr_cr_};
  const int count = (frame.width + 1) / 2;
  const int rows = (frame.height + 1) / 2;
  const int padded = (frame.width + 15) / 16 * 16;
  thread_local std::vector<std::int32_t> added;
  added.resize(static_cast<std::size_t>(padded));
  for (int i = 0; i < 8; ++i) {
    const int c = std::min(y / 2 + i, rows - 1);
    if (same_) {
      std::memcpy(out.cb[i], line(frame, 1, c), static_cast<std::size_t>(count));
      std::memcpy(out.cr[i], line(frame, 2, c), static_cast<std::size_t>(count));
    } else {
      jpeg_chroma(n, line(frame, 1, c), line(frame, 2, c), count, out.cb[i], out.cr[i], added.data());
    }
    repeat_edge(out.cb[i], count, padded / 2);
    repeat_edge(out.cr[i], count, padded / 2);
    for (int k = 0; k < 2; ++k) {
      auto* row = out.luma[2 * i + k];
      const auto* from = line(frame, 0, std::min(y + 2 * i + k, frame.height - 1));
      if (same_)
        std::memcpy(row, from, static_cast<std::size_t>(frame.width));
      else
        jpeg_luma(n, from, added.data(), frame.width, row);
      repeat_edge(row, frame.width, padded);
    }
  }
}

}  // namespace vf::media::stills
