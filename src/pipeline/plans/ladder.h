// The rungs: boxes that a picture is fitted into, and what each may cost.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "media/scale/picture_spec.h"

namespace vf::pipeline {

// A box in display pixels, landscape; a portrait picture gets it swapped.
struct RungBox {
  std::string_view name;
  int width;
  int height;
  std::int64_t max_bit_rate;  // bit/s of H.264, video only
};

// The built-in boxes, largest first: 2160p to 360p.
std::span<const RungBox> rung_boxes();

// A rung for one source.
struct Rung {
  std::string name;
  int width = 0;  // square pixels, even
  int height = 0;
  std::int64_t max_bit_rate = 0;
  int box_width = 0;  // the box, turned to the source's orientation
  int box_height = 0;
  std::vector<media::Size> through = {};  // the larger rungs that this one is scaled from, one after the other
};

// The rungs for a picture of this size in square pixels. `names` is {"auto"} or rung names. Never
// enlarges: boxes larger than the picture collapse into the smallest that holds it; a picture under
// 360 lines gives one rung of its own size and name. Errors: invalid_argument (an unknown name).
Result<std::vector<Rung>> choose_rungs(int display_width, int display_height, const std::vector<std::string>& names);

// What a codec needs of the H.264 cap for the same picture quality, as a share of it.
double cap_factor(std::string_view codec);

}  // namespace vf::pipeline
