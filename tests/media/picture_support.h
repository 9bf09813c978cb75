// What the tests of decoding, scaling and encoding share: pictures as bytes.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "media/av/ptr.h"
#include "media_support.h"

extern "C" {
#include <libavutil/adler32.h>
#include <libavutil/imgutils.h>
}

namespace vf::test {

// The samples of a frame, plane after plane, without padding.
inline std::vector<std::uint8_t> bytes_of(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  std::vector<std::uint8_t> out(
      static_cast<std::size_t>(std::max(0, av_image_get_buffer_size(format, frame.width, frame.height, 1))));
  av_image_copy_to_buffer(out.data(), static_cast<int>(out.size()), frame.data, frame.linesize, format, frame.width,
                          frame.height, 1);
  return out;
}

inline std::uint32_t checksum(const AVFrame& frame) {
  const auto bytes = bytes_of(frame);
  return av_adler32_update(1, bytes.data(), static_cast<unsigned>(bytes.size()));
}

// Peak signal-to-noise ratio of 8-bit samples, dB; 99 when equal.
inline double psnr(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  if (a.size() != b.size() || a.empty()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum == 0 ? 99 : std::min(99.0, 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum));
}

}  // namespace vf::test
