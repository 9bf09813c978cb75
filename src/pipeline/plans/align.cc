#include "pipeline/plans/align.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vf::pipeline {
namespace {

constexpr double kSameStartSeconds = 0.1;  // sound that begins a little before the picture is no late start
constexpr double kSlack = 1e-6;            // rounding of containers' clocks, in seconds

// Times from the file's start, plus an offset.
std::vector<double> times_of(const AlignSide& side, double offset) {
  std::vector<double> out;
  out.reserve(side.index.frame_ticks.size());
  for (const auto ticks : side.index.frame_ticks)
    out.push_back(static_cast<double>(ticks) * side.index.time_base.value() - side.file_start_seconds + offset);
  return out;
}

double median_step(const std::vector<double>& times) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  if (steps.empty()) return std::numeric_limits<double>::infinity();
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return *middle;
}

// For each of `from` the nearest of `to`; of two equally near ones the earlier.
std::vector<std::size_t> nearest(const std::vector<double>& from, const std::vector<double>& to) {
  std::vector<std::size_t> out;
  std::size_t at = 0;
  for (const double time : from) {
    while (at + 1 < to.size() && std::abs(to[at + 1] - time) < std::abs(to[at] - time)) ++at;
    out.push_back(at);
  }
  return out;
}

}  // namespace

Alignment align(const AlignSide& a, const AlignSide& b, const std::string& mode, double shift) {
  Alignment out;
  const auto times_a = times_of(a, 0);
  auto times_b = times_of(b, 0);
  if (times_a.empty() || times_b.empty()) return out;
  const double apart = times_a.front() - times_b.front();
  out.mode = mode != "auto" ? mode : std::abs(apart) <= kSameStartSeconds ? "first" : "clock";
  out.offset_seconds = shift + (out.mode == "first" ? apart : 0);
  for (auto& time : times_b) time += out.offset_seconds;
  out.tolerance_seconds = std::min(median_step(times_a), median_step(times_b)) / 2;

  const auto partner_of_a = nearest(times_a, times_b);
  const auto partner_of_b = nearest(times_b, times_a);
  std::vector<bool> taken(times_b.size());
  for (std::size_t i = 0; i < times_a.size(); ++i) {
    const auto j = partner_of_a[i];
    if (partner_of_b[j] != i || std::abs(times_a[i] - times_b[j]) > out.tolerance_seconds + kSlack) {
      out.only_a.push_back(a.index.frame_ticks[i]);
      continue;
    }
    taken[j] = true;
    out.a.push_back(a.index.frame_ticks[i]);
    out.b.push_back(b.index.frame_ticks[j]);
  }
  for (std::size_t j = 0; j < taken.size(); ++j)
    if (!taken[j]) out.only_b.push_back(b.index.frame_ticks[j]);
  return out;
}

}  // namespace vf::pipeline
