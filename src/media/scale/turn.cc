#include "media/scale/turn.h"

#include <algorithm>
#include <cstdint>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

constexpr int kBlock = 32;  // source rows and columns of a block stay in the first cache

// Where the sample for an output position stands: origin + x * step_x + y * step_y, in samples.
struct Walk {
  std::ptrdiff_t origin = 0;
  std::ptrdiff_t step_x = 0;
  std::ptrdiff_t step_y = 0;
};

Walk walk_for(int width, int height, std::ptrdiff_t stride, int rotation, bool mirrored) {
  // Source coordinates of output (x, y), then the mirror applied to the source column.
  const auto at = [&](int x, int y) {
    int column = x;
    int row = y;
    if (rotation == 90) column = y, row = height - 1 - x;
    if (rotation == 180) column = width - 1 - x, row = height - 1 - y;
    if (rotation == 270) column = width - 1 - y, row = x;
    if (mirrored) column = width - 1 - column;
    return row * stride + column;
  };
  return {at(0, 0), at(1, 0) - at(0, 0), at(0, 1) - at(0, 0)};
}

template <typename Sample>
void turn_plane(const Sample* from, int from_width, int from_height, std::ptrdiff_t from_stride, Sample* to,
                std::ptrdiff_t to_stride, int rotation, bool mirrored) {
  const bool swapped = rotation == 90 || rotation == 270;
  const int width = swapped ? from_height : from_width;
  const int height = swapped ? from_width : from_height;
  const auto walk = walk_for(from_width, from_height, from_stride, rotation, mirrored);
  for (int top = 0; top < height; top += kBlock)
    for (int left = 0; left < width; left += kBlock)
      for (int y = top; y < std::min(top + kBlock, height); ++y) {
        const Sample* source = from + walk.origin + y * walk.step_y;
        Sample* target = to + y * to_stride;
        for (int x = left; x < std::min(left + kBlock, width); ++x) target[x] = source[x * walk.step_x];
      }
}

}  // namespace

void turn(const AVFrame& from, AVFrame& to, int rotation, bool mirrored) {
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(from.format));
  const bool wide = format->comp[0].depth > 8;
  for (int plane = 0; plane < format->nb_components; ++plane) {
    const bool chroma = plane == 1 || plane == 2;
    const int width = chroma ? AV_CEIL_RSHIFT(from.width, format->log2_chroma_w) : from.width;
    const int height = chroma ? AV_CEIL_RSHIFT(from.height, format->log2_chroma_h) : from.height;
    if (wide)
      turn_plane(reinterpret_cast<const std::uint16_t*>(from.data[plane]), width, height, from.linesize[plane] / 2,
                 reinterpret_cast<std::uint16_t*>(to.data[plane]), to.linesize[plane] / 2, rotation, mirrored);
    else
      turn_plane(from.data[plane], width, height, from.linesize[plane], to.data[plane], to.linesize[plane], rotation,
                 mirrored);
  }
}

}  // namespace vf::media
