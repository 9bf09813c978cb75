// Interlacing by what the lines show, not by what the file says.
#include <algorithm>
#include <array>

#include "media/analysis/finding_steps.h"

namespace vf::media::analysis {
namespace {

constexpr double kShortestSeconds = 0.5;  // of an interlaced passage that is told
// Shares of the pictures that say something.
constexpr double kAllInterlaced = 0.9;
constexpr double kHardlyInterlaced = 0.02;
constexpr std::size_t kHistory = 4;

// One picture alone errs now and then: it is believed once three in a row agree, or two at the beginning.
class Steady {
 public:
  Fields next(Fields now) {
    std::shift_right(history_.begin(), history_.end(), 1);
    history_[0] = now;
    auto best = Fields::unknown;
    std::size_t agreeing = 0;
    for (const auto fields : history_) {
      if (fields == Fields::unknown) continue;
      if (best == Fields::unknown) best = fields;
      if (fields != best) {
        agreeing = 0;
        break;
      }
      ++agreeing;
    }
    if (believed_ == Fields::unknown ? agreeing > 1 : agreeing > 2) believed_ = best;
    return believed_;
  }

 private:
  std::array<Fields, kHistory> history_{};
  Fields believed_ = Fields::unknown;
};

bool interlaced(Fields f) { return f == Fields::top_first || f == Fields::bottom_first; }

std::string verdict(const Interlacing& found) {
  const double both = static_cast<double>(found.top_first + found.bottom_first);
  const double known = both + static_cast<double>(found.progressive);
  if (known == 0) return "unknown";
  if (both >= kAllInterlaced * known) return "interlaced";
  return both <= kHardlyInterlaced * known ? "progressive" : "mixed";
}

}  // namespace

void find_interlacing(const Film& film, VideoFindings& out) {
  auto& found = out.interlacing;
  Steady steady;
  std::vector<Fields> fields;
  for (const auto& frame : film.frames) {
    fields.push_back(steady.next(frame.fields));
    found.progressive += fields.back() == Fields::progressive;
    found.top_first += fields.back() == Fields::top_first;
    found.bottom_first += fields.back() == Fields::bottom_first;
    found.unknown += fields.back() == Fields::unknown;
  }
  found.verdict = verdict(found);
  for (std::size_t i = 0; i < fields.size();) {
    auto end = i + 1;
    while (end < fields.size() && fields[end] == fields[i]) ++end;
    if (interlaced(fields[i]) && film.start(end) - film.start(i) >= kShortestSeconds &&
        found.intervals.size() < kMaxListed)
      found.intervals.push_back(
          {film.start(i), film.start(end), fields[i] == Fields::top_first ? "top-first" : "bottom-first"});
    i = end;
  }
}

}  // namespace vf::media::analysis
