#include "media/compare/summary.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace vf::media::compare {
namespace {

constexpr double kLeast = 0.001;

// The smallest value that at least `share` of the values do not exceed (nearest rank).
double quantile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

Distribution distribution(std::vector<double> values) {
  Distribution out;
  if (values.empty()) return out;
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double inverse = 0;
  for (const double value : values) inverse += 1 / std::max(kLeast, value);
  out.harmonic_mean = count / inverse;
  const auto middle = values.size() / 2;
  out.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  out.p5 = quantile(values, 0.05);
  out.p1 = quantile(values, 0.01);
  out.min = values.front();
  return out;
}

std::vector<std::size_t> worst_pairs(std::span<const PairRecord> pairs, std::size_t most, std::int64_t apart_ticks) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](auto x, auto y) {
    return pairs[x].ssim[0] != pairs[y].ssim[0] ? pairs[x].ssim[0] < pairs[y].ssim[0] : x < y;
  });
  std::vector<std::size_t> out;
  for (const auto i : order) {
    if (out.size() == most) break;
    if (pairs[i].mse[3] == 0) continue;
    const auto near = [&](auto other) { return std::abs(pairs[i].a_ticks - pairs[other].a_ticks) < apart_ticks; };
    if (std::ranges::none_of(out, near)) out.push_back(i);
  }
  return out;
}

}  // namespace vf::media::compare
