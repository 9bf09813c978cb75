#include "media/analysis/plane.h"

#include <algorithm>
#include <cstdlib>

namespace vf::media::analysis {
namespace {

constexpr int kLanes = 32;
// Of so many lines two are looked at for combing. Odd, so that they lie everywhere in codecs' blocks.
constexpr int kBand = 7;

template <typename T>
const T* row(const Plane& plane, int y) {
  return reinterpret_cast<const T*>(plane.data + y * plane.stride);
}

template <typename T>
std::int64_t row_difference(const T* a, const T* b, int n) {
  std::uint32_t sum = 0;  // 65,536 columns of 65,535 at most
  for (int x = 0; x < n; ++x)
    sum += static_cast<std::uint32_t>(std::abs(static_cast<std::int32_t>(a[x]) - static_cast<std::int32_t>(b[x])));
  return sum;
}

template <typename T>
std::int64_t row_count(const T* p, int n, int limit) {
  const T most = static_cast<T>(std::clamp(limit, 0, sizeof(T) == 1 ? 255 : 65535));
  std::int64_t count = 0;
  int x = 0;
  while (n - x >= kLanes) {
    T lanes[kLanes] = {};
    for (int steps = std::min((n - x) / kLanes, 255); steps > 0; --steps, x += kLanes)
      for (int i = 0; i < kLanes; ++i) lanes[i] = static_cast<T>(lanes[i] + (p[x + i] <= most));
    for (const auto lane : lanes) count += lane;
  }
  for (; x < n; ++x) count += p[x] <= most;
  return limit < 0 ? 0 : count;
}

std::int64_t row_combing(const std::uint8_t* above, const std::uint8_t* line, const std::uint8_t* below, int n) {
  std::int64_t sum = 0;
  int x = 0;
  while (n - x >= kLanes) {
    std::uint16_t lanes[kLanes] = {};
    for (int steps = std::min((n - x) / kLanes, 128); steps > 0; --steps, x += kLanes)
      for (int i = 0; i < kLanes; ++i) {
        const auto bent = static_cast<std::int16_t>(above[x + i] + below[x + i] - 2 * line[x + i]);
        lanes[i] = static_cast<std::uint16_t>(lanes[i] + (bent < 0 ? -bent : bent));
      }
    for (const auto lane : lanes) sum += lane;
  }
  for (; x < n; ++x) sum += std::abs(above[x] + below[x] - 2 * line[x]);
  return sum;
}

std::int64_t row_combing(const std::uint16_t* above, const std::uint16_t* line, const std::uint16_t* below, int n) {
  std::int64_t sum = 0;
  for (int x = 0; x < n; ++x) sum += std::abs(above[x] + below[x] - 2 * line[x]);
  return sum;
}

template <typename T>
Combing combing_of(const Plane& before, const Plane& here, const Plane& after) {
  Combing out;
  for (int y = 2; y < here.height - 2; ++y) {
    if (y % kBand > 1) continue;
    const auto* above = row<T>(here, y - 1);
    const auto* below = row<T>(here, y + 1);
    const auto from_before = row_combing(above, row<T>(before, y), below, here.width);
    const auto from_after = row_combing(above, row<T>(after, y), below, here.width);
    out.even_before += y % 2 == 0 ? from_before : from_after;
    out.odd_before += y % 2 == 0 ? from_after : from_before;
    out.own += row_combing(above, row<T>(here, y), below, here.width);
  }
  return out;
}

template <typename T>
double mean_of_column(const Plane& plane, int x) {
  std::int64_t sum = 0;
  for (int y = 0; y < plane.height; ++y) sum += row<T>(plane, y)[x];
  return static_cast<double>(sum) / plane.height;
}

template <typename T>
double mean_of_row(const Plane& plane, int y) {
  std::uint32_t sum = 0;
  const auto* p = row<T>(plane, y);
  for (int x = 0; x < plane.width; ++x) sum += p[x];
  return static_cast<double>(sum) / plane.width;
}

}  // namespace

std::int64_t absolute_difference(const Plane& a, const Plane& b) {
  std::int64_t sum = 0;
  for (int y = 0; y < a.height; ++y)
    sum += a.deep ? row_difference(row<std::uint16_t>(a, y), row<std::uint16_t>(b, y), a.width)
                  : row_difference(row<std::uint8_t>(a, y), row<std::uint8_t>(b, y), a.width);
  return sum;
}

std::int64_t count_at_most(const Plane& plane, int limit) {
  std::int64_t count = 0;
  for (int y = 0; y < plane.height; ++y)
    count += plane.deep ? row_count(row<std::uint16_t>(plane, y), plane.width, limit)
                        : row_count(row<std::uint8_t>(plane, y), plane.width, limit);
  return count;
}

double row_mean(const Plane& plane, int y) {
  return plane.deep ? mean_of_row<std::uint16_t>(plane, y) : mean_of_row<std::uint8_t>(plane, y);
}

double column_mean(const Plane& plane, int x) {
  return plane.deep ? mean_of_column<std::uint16_t>(plane, x) : mean_of_column<std::uint8_t>(plane, x);
}

Combing combing(const Plane& before, const Plane& here, const Plane& after) {
  return here.deep ? combing_of<std::uint16_t>(before, here, after) : combing_of<std::uint8_t>(before, here, after);
}

}  // namespace vf::media::analysis
