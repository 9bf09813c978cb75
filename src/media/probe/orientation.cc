#include "media/probe/orientation.h"

#include <cmath>
#include <numbers>

namespace vf::media {

// A point (p, q), q downwards, is shown at (a p + c q, b p + d q). A clockwise turn by t has a = d =
// cos t, b = -c = sin t. A negative determinant means mirrored: undoing that negates the first row.
Orientation orientation_of(std::span<const std::int32_t, 9> matrix) {
  double a = matrix[0], b = matrix[1];
  const double c = matrix[3], d = matrix[4];
  const double determinant = a * d - b * c;
  if (determinant == 0) return {};
  const bool mirrored = determinant < 0;
  if (mirrored) {
    a = -a;
    b = -b;
  }
  const double degrees = std::atan2(b - c, a + d) * 180 / std::numbers::pi;
  const double quarter = std::round(degrees / 90);
  const int turns = (static_cast<int>(quarter) + 4) % 4;
  return {turns * 90, mirrored, std::abs(degrees - quarter * 90) < 1};
}

}  // namespace vf::media
