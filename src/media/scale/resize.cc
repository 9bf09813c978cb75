#include <algorithm>

#include "media/av/ptr.h"
#include "media/scale/draw.h"

namespace vf::media {
namespace {

// Colour under nothing must not bleed into what is seen, so scaling works on colour times alpha.
void premultiply(RgbaImage& image) {
  for (std::size_t i = 0; i + 3 < image.pixels.size(); i += 4)
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[i + c] = static_cast<std::uint8_t>((image.pixels[i + c] * image.pixels[i + 3] + 127) / 255);
}

void unmultiply(RgbaImage& image) {
  for (std::size_t i = 0; i + 3 < image.pixels.size(); i += 4)
    if (const int alpha = image.pixels[i + 3]; alpha > 0)
      for (std::size_t c = 0; c < 3; ++c)
        image.pixels[i + c] = static_cast<std::uint8_t>(std::min((image.pixels[i + c] * 255 + alpha / 2) / alpha, 255));
}

}  // namespace

RgbaImage resized(const RgbaImage& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  RgbaImage from = image;
  premultiply(from);
  RgbaImage to{width, height,
               std::vector<std::uint8_t>(4 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
  av::SwsPtr scaler(sws_getContext(image.width, image.height, AV_PIX_FMT_RGBA, width, height, AV_PIX_FMT_RGBA,
                                   SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr));
  if (!scaler) return to;
  const std::uint8_t* source[4] = {from.pixels.data()};
  std::uint8_t* target[4] = {to.pixels.data()};
  const int source_line[4] = {4 * image.width};
  const int target_line[4] = {4 * width};
  sws_scale(scaler.get(), source, source_line, 0, image.height, target, target_line);
  unmultiply(to);
  return to;
}

}  // namespace vf::media
