// JPEG files (ITU-T T.81, JFIF colour: BT.601 full range) by libav's encoder. Internal to media.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

struct AVFrame;

namespace vf::media::frames {

// Packed RGB, three bytes a pixel, rows without padding.
struct RgbPicture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> bytes;
  RgbPicture() = default;
  RgbPicture(int w, int h)
      : width(w), height(h), bytes(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3) {}
};

// Any picture as RGB, by its own colour tags. Errors: internal.
Result<RgbPicture> to_rgb(const AVFrame* frame);

// Copies `tile` into `sheet` with its upper left corner at (x, y); what lies outside is cut.
void place(RgbPicture& sheet, const RgbPicture& tile, int x, int y);

// `quantiser` 2 (best) to 31; 3 cannot be told from the original at arm's length.
Result<std::string> encode_jpeg(const RgbPicture& picture, int quantiser);

}  // namespace vf::media::frames
