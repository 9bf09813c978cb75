// By how much one piece of sound lies behind another. Internal to the room.
#pragma once

#include <optional>
#include <vector>

namespace vf::media::verify {

struct Match {
  double lag_seconds = 0;  // positive: `later` lies behind `reference`
  double likeness = 0;     // normalised correlation at the lag
  bool clear = false;      // one lag stands out; else the sound repeats itself and any would do
};

// The best match within `range_seconds` either way, of equally long pieces at `rate` samples a second.
// Empty where there is nothing to compare.
std::optional<Match> find_lag(const std::vector<float>& reference, const std::vector<float>& later, int rate,
                              double range_seconds);

// Root mean square.
double level(const std::vector<float>& sound);

}  // namespace vf::media::verify
