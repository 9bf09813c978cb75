// Black bars around the picture.
#include <algorithm>
#include <cstdlib>

#include "media/analysis/finding_steps.h"

namespace vf::media::analysis {
namespace {

constexpr int kLeastBar = 4;            // rows or columns: less is an edge, no bar
constexpr double kShortestSeconds = 2;  // of a passage with bars, in a film that is not boxed as a whole
constexpr int kUnsteady = 2;            // rows: by so much an edge may differ within a passage
constexpr int kUneven = 4;              // rows: by so much two bars of one passage may differ

struct Edges {
  int left = 0, top = 0, right = 0, bottom = 0;  // inclusive
  bool any() const { return right >= left; }
  void join(const Edges& o) {
    left = std::min(left, o.left), top = std::min(top, o.top);
    right = std::max(right, o.right), bottom = std::max(bottom, o.bottom);
  }
  bool near(const Edges& o) const {
    return std::abs(left - o.left) <= kUnsteady && std::abs(top - o.top) <= kUnsteady &&
           std::abs(right - o.right) <= kUnsteady && std::abs(bottom - o.bottom) <= kUnsteady;
  }
};

Edges edges_of(const FrameRecord& f) { return {f.left, f.top, f.right, f.bottom}; }

// What only happens to be dark at the edges is rarely dark on both sides alike.
bool are_bars(int one, int other) { return std::min(one, other) >= kLeastBar && std::abs(one - other) <= kUneven; }

// Even numbers, so that 4:2:0 can be cut there; never less than what is seen.
PictureArea area_of(const Edges& e, int width, int height) {
  PictureArea out;
  out.x = e.left / 2 * 2;
  out.y = e.top / 2 * 2;
  out.width = std::min(width - out.x, (e.right - out.x) / 2 * 2 + 2);
  out.height = std::min(height - out.y, (e.bottom - out.y) / 2 * 2 + 2);
  const int right = width - out.x - out.width;
  const int below = height - out.y - out.height;
  const bool beside = are_bars(out.x, right);
  const bool above = are_bars(out.y, below);
  const bool dark = std::max({out.x, right, out.y, below}) >= kLeastBar;
  out.kind = beside && above ? "windowbox" : beside ? "pillarbox" : above ? "letterbox" : dark ? "uneven" : "full";
  return out;
}

bool is_boxed(const PictureArea& area) { return area.kind != "full" && area.kind != "uneven"; }

}  // namespace

void find_bars(const Film& film, VideoFindings& out) {
  const int width = film.frames.front().width;
  const int height = film.frames.front().height;
  std::optional<Edges> all;
  for (const auto& frame : film.frames) {
    if (frame.width != width || frame.height != height || !edges_of(frame).any()) continue;
    if (all)
      all->join(edges_of(frame));
    else
      all = edges_of(frame);
  }
  if (!all) return;
  out.area = area_of(*all, width, height);
  if (is_boxed(*out.area)) {
    out.boxed.push_back({out.start_seconds, out.end_seconds, *out.area});
    return;
  }
  for (std::size_t i = 0; i < film.frames.size();) {
    auto here = edges_of(film.frames[i]);
    auto end = i + 1;
    const auto goes_on = [&](const FrameRecord& f) { return !edges_of(f).any() || edges_of(f).near(here); };
    while (here.any() && end < film.frames.size() && goes_on(film.frames[end])) ++end;
    const auto area = area_of(here, width, height);
    if (here.any() && is_boxed(area) && film.start(end) - film.start(i) >= kShortestSeconds &&
        out.boxed.size() < kMaxListed)
      out.boxed.push_back({film.start(i), film.start(end), area});
    i = end;
  }
}

}  // namespace vf::media::analysis
