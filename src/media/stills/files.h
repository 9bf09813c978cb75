// Pictures as files: JPEG, PNG and WebP. Each writer keeps its memory from picture to picture; one
// thread at a time. Internal to media.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "media/stills/pixels.h"

struct AVFrame;

namespace vf::media::stills {

using Bytes = std::vector<std::uint8_t>;

// JPEG by ITU-T T.81 in JFIF, 4:2:0, with a quantisation matrix made from that of MPEG-1 video: at
// equal size it is nearer to the source than libjpeg's own tables.
class JpegFile {
 public:
  static constexpr int kDefaultQuality = 90;
  // `quality` 1 to 100; 90 is as near to the source as ffmpeg's q2 at about its size.
  explicit JpegFile(int quality);
  JpegFile(JpegFile&&) noexcept;
  JpegFile& operator=(JpegFile&&) noexcept;
  ~JpegFile();

  // Appends the picture to `out`. The frame must be is_plain_420().
  Result<void> write(const AVFrame& frame, const Light& light, Bytes& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// PNG (ISO/IEC 15948), 8-bit RGB, every row filtered "up": quick to write and to read.
class PngFile {
 public:
  PngFile();
  PngFile(PngFile&&) noexcept;
  PngFile& operator=(PngFile&&) noexcept;
  ~PngFile();

  // `rgb`: packed rows without padding.
  Result<void> write(std::span<const std::uint8_t> rgb, int width, int height, Bytes& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lossy WebP; `quality` 1 to 100.
inline constexpr int kDefaultWebpQuality = 80;
inline constexpr int kMaxWebpSide = 16383;
Result<void> write_webp(std::span<const std::uint8_t> rgb, int width, int height, int quality, Bytes& out);

}  // namespace vf::media::stills
