// What the scores of all pairs say together. Pure functions of the records.
#pragma once

#include <span>
#include <vector>

#include "base/json.h"
#include "media/compare/pair_record.h"

namespace vf::media::compare {

struct Distribution {
  double mean = 0;
  double harmonic_mean = 0;
  double median = 0;
  double p5 = 0;  // percentiles: so many per cent of the pictures are worse
  double p1 = 0;
  double min = 0;
};
BOOST_DESCRIBE_STRUCT(Distribution, (), (mean, harmonic_mean, median, p5, p1, min))

// Of values in any order; all 0 for none. Values of 0 and below count as a thousandth in the harmonic mean.
Distribution distribution(std::vector<double> values);

// The places in `pairs` of the pictures with the lowest luma SSIM, the worst first, identical ones left
// out, of which no two are nearer than `apart_ticks` of a.
std::vector<std::size_t> worst_pairs(std::span<const PairRecord> pairs, std::size_t most, std::int64_t apart_ticks);

}  // namespace vf::media::compare
