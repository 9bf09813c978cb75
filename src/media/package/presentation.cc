#include "media/package/presentation.h"

#include <algorithm>
#include <cmath>

namespace vf::media {

double segment_seconds(const TrackLayout& layout, std::size_t index, int timescale) {
  const auto& segment = layout.segments.at(index);
  const auto begin = std::max(segment.start, layout.priming);
  return static_cast<double>(std::max<std::int64_t>(segment.start + segment.duration - begin, 0)) / timescale;
}

BitRates measure_bit_rates(const TrackLayout& layout, int timescale) {
  BitRates out;
  if (layout.segments.empty() || timescale <= 0) return out;
  std::vector<double> seconds;
  std::int64_t bytes = 0;
  double total = 0;
  double longest = 0;
  for (std::size_t i = 0; i < layout.segments.size(); ++i) {
    seconds.push_back(segment_seconds(layout, i, timescale));
    bytes += layout.segments[i].size;
    total += seconds.back();
    longest = std::max(longest, seconds.back());
  }
  if (total <= 0) return out;
  out.mean = std::llround(static_cast<double>(bytes) * 8 / total);
  const double target = std::max(std::round(longest), 1.0);  // as EXT-X-TARGETDURATION
  for (std::size_t first = 0; first < seconds.size(); ++first) {
    double span = 0;
    std::int64_t sum = 0;
    for (std::size_t i = first; i < seconds.size() && span + seconds[i] <= 1.5 * target; ++i) {
      span += seconds[i];
      sum += layout.segments[i].size;
      if (span >= 0.5 * target)
        out.peak = std::max(out.peak, static_cast<std::int64_t>(std::llround(static_cast<double>(sum) * 8 / span)));
    }
  }
  out.peak = std::max(out.peak, out.mean);  // a presentation shorter than half a target duration
  return out;
}

}  // namespace vf::media
