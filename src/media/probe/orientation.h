// The display matrix of a video track (ISO/IEC 14496-12 8.3.2: rows {a b u} {c d v} {x y w}) as the
// eight orientations a camera can be held in.
#pragma once

#include <cstdint>
#include <span>

namespace vf::media {

struct Orientation {
  int rotation = 0;       // degrees clockwise to show it upright: 0, 90, 180, 270
  bool mirrored = false;  // left and right swapped before that rotation
  bool exact = true;      // false: the matrix shears or turns by another angle; the nearest is given
  friend bool operator==(const Orientation&, const Orientation&) = default;
};

// `matrix`: nine values, only the ratios of a, b, c, d matter. A degenerate matrix is upright.
Orientation orientation_of(std::span<const std::int32_t, 9> matrix);

}  // namespace vf::media
