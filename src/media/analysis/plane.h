// Arithmetic on single planes of samples. Internal to the room.
//
// Loops that compilers turn into vectors: sums are kept in narrow lanes for as long as they cannot
// overflow. Integer sums only, so every machine finds the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vf::media::analysis {

// 8-bit samples, or up to 16 bit in two bytes of the machine's order.
struct Plane {
  const std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;  // bytes
  int width = 0;
  int height = 0;
  bool deep = false;
};

// Sum of |a - b| over planes of one shape.
std::int64_t absolute_difference(const Plane& a, const Plane& b);

// How many samples are at most `limit`.
std::int64_t count_at_most(const Plane& plane, int limit);

// Mean of a row or of a column.
double row_mean(const Plane& plane, int y);
double column_mean(const Plane& plane, int x);

// How much the lines of three pictures comb: sums over sampled lines of |above + below - 2 * line|, with
// the line taken from the picture itself, and by parity from the one before and the one after it.
struct Combing {
  std::int64_t even_before = 0;  // even lines from the picture before, odd ones from the one after
  std::int64_t odd_before = 0;   // the other way round
  std::int64_t own = 0;
};
// Looks at two lines in seven.
Combing combing(const Plane& before, const Plane& here, const Plane& after);

}  // namespace vf::media::analysis
