// Laying colours over 4:2:0 pictures of 8 or 10 bit. Internal to scale.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "media/scale/light.h"

struct AVFrame;

namespace vf::media {

// A colour of an SDR screen in the picture's own samples; HDR shows it at reference white.
struct Ink {
  std::array<int, 3> code{};  // Y', Cb, Cr
};
Ink ink_of(double red, double green, double blue, const Light& light, int bits);

// Straight (not premultiplied) RGBA, four bytes a pixel, without gaps.
struct RgbaImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// The image at another size.
RgbaImage resized(const RgbaImage& image, int width, int height);

// An image in the samples of one kind of picture, to be drawn many times.
struct Stamp {
  int x = 0;  // may lie outside the picture; only what is inside is drawn
  int y = 0;
  int width = 0;
  int height = 0;
  std::vector<std::uint16_t> samples;  // Y', Cb, Cr of each pixel
  std::vector<std::uint8_t> alpha;
};
Stamp make_stamp(const RgbaImage& image, int x, int y, double opacity, const Light& light, int bits);
void draw(const Stamp& stamp, AVFrame& picture);

// One ink through a mask of one byte a pixel (0 = nothing), as libass renders text.
struct Mask {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  int stride = 0;
  const std::uint8_t* coverage = nullptr;
  int opacity = 255;
};
void draw(const Mask& mask, const Ink& ink, AVFrame& picture);

}  // namespace vf::media
