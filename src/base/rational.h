// Exact time. A time stamp is a count of ticks of a time base; it becomes seconds once, at an edge.
#pragma once

#include <cstdint>
#include <numeric>

#include <boost/describe/class.hpp>

namespace vf {

struct Rational {
  std::int64_t num = 0;
  std::int64_t den = 1;

  double value() const { return den == 0 ? 0.0 : static_cast<double>(num) / static_cast<double>(den); }
  bool valid() const { return num > 0 && den > 0; }
  friend bool operator==(const Rational&, const Rational&) = default;
};
BOOST_DESCRIBE_STRUCT(Rational, (), (num, den))

inline Rational reduced(Rational r) {
  const auto g = std::gcd(r.num, r.den);
  return g > 1 ? Rational{r.num / g, r.den / g} : r;
}

// ticks of `from` seconds each, counted in ticks of `to`; rounds to nearest, halves away from zero.
// 128-bit inside, so no source time stamp overflows; a result outside 64 bits saturates.
inline std::int64_t rescale(std::int64_t ticks, Rational from, Rational to) {
  const __int128 num = static_cast<__int128>(ticks) * from.num * to.den;
  const __int128 den = static_cast<__int128>(from.den) * to.num;
  if (den == 0) return 0;
  const __int128 half = den / 2;
  const __int128 result = num >= 0 ? (num + half) / den : -((-num + half) / den);
  if (result > INT64_MAX) return INT64_MAX;
  if (result < INT64_MIN) return INT64_MIN;
  return static_cast<std::int64_t>(result);
}

}  // namespace vf
