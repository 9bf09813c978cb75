// Decoded 8-bit 4:2:0 samples as the numbers that picture files hold. Integer arithmetic only: the same
// picture gives the same bytes on every machine. Internal to media.
//
// RGB (PNG and WebP). With range offset o and scale s (16 and 219/224 for limited, 0 and 255 for full
// range), chroma is brought to every pixel by linear interpolation: vertically it lies between two rows
// of luma, horizontally on the left one of two columns unless the picture says that it lies between.
// Then R, G, B = (cy*(Y-o) + kr*Cr16 + kb*Cb16 + 2^17) >> 18, clamped, where Cb16 and Cr16 are 16
// times the interpolated chroma less 128 and the coefficients are those of the matrix rounded to 18
// bits. The transfer is kept: what players show of BT.709 is what they show of sRGB.
//
// JFIF (JPEG): full range BT.601 whatever the source was. Chroma stays where it is.
#pragma once

#include <cstdint>

#include "media/scale/light.h"

struct AVFrame;

namespace vf::media::stills {

// True where the two classes below can read the frame as it is.
bool is_plain_420(const AVFrame& frame);

// Packed RGB, three bytes a pixel.
class RgbPixels {
 public:
  explicit RgbPixels(const Light& light);
  // Writes row `y` of the frame to `out`, 3 * width bytes.
  void row(const AVFrame& frame, int y, std::uint8_t* out) const;

 private:
  std::int32_t luma_offset_ = 0, luma_ = 0, red_cr_ = 0, green_cb_ = 0, green_cr_ = 0, blue_cb_ = 0;
};

// A strip of 16 rows, as a JPEG encoder takes it: 16 of luma, 8 of each chroma, each as wide as the
// picture rounded up to 16, edges repeated.
struct JpegStrip {
  std::uint8_t* luma[16];
  std::uint8_t* cb[8];
  std::uint8_t* cr[8];
};

class JpegPixels {
 public:
  explicit JpegPixels(const Light& light);
  // The 16 rows from `y` on; rows below the picture repeat its last one.
  void strip(const AVFrame& frame, int y, const JpegStrip& out) const;

 private:
  std::int32_t luma_offset_ = 0, luma_ = 0;
  std::int32_t luma_cb_ = 0, luma_cr_ = 0;  // what another matrix adds to luma
  std::int32_t cb_cb_ = 0, cb_cr_ = 0, cr_cb_ = 0, cr_cr_ = 0;
  bool same_ = false;  // the source is full range BT.601 already
};

}  // namespace vf::media::stills
