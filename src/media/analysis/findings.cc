#include "media/analysis/findings.h"

#include <algorithm>

#include "media/analysis/finding_steps.h"

namespace vf::media::analysis {
namespace {

std::int64_t median_step(const std::vector<FrameRecord>& frames) {
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < frames.size(); ++i) steps.push_back(frames[i].pts - frames[i - 1].pts);
  if (steps.empty()) return 1;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return std::max<std::int64_t>(1, *middle);
}

// Frames that the index promises and that did not come.
void find_lost(const Film& film, const VideoIndex& index, VideoFindings& out) {
  std::size_t next = 0;
  bool open = false;  // the last promised frame was lost, too
  for (const auto promised : index.frame_ticks) {
    while (next < film.frames.size() && film.frames[next].pts < promised) ++next;
    const bool came = next < film.frames.size() && film.frames[next].pts == promised;
    if (!came) {
      ++out.lost_frames;
      if (open) {
        out.lost.back().to = film.seconds(promised + film.step);
        ++out.lost.back().frames;
      } else if (out.lost.size() < kMaxListed) {
        out.lost.push_back({film.seconds(promised), film.seconds(promised + film.step), 1});
        open = true;
      }
      continue;
    }
    open = false;
  }
}

}  // namespace

std::vector<FrameRecord> join_records(const std::vector<std::vector<FrameRecord>>& chunks) {
  std::vector<FrameRecord> out;
  std::optional<FrameRecord> boundary;
  for (const auto& chunk : chunks) {
    bool first = true;
    for (const auto& record : chunk) {
      if (record.boundary || (!out.empty() && record.pts <= out.back().pts)) continue;
      out.push_back(record);
      if (std::exchange(first, false) && boundary && boundary->pts == record.pts) {
        out.back().difference = boundary->difference;
        out.back().still = boundary->still;
        out.back().fields = boundary->fields;
      }
    }
    boundary.reset();
    if (!chunk.empty() && chunk.back().boundary) boundary = chunk.back();
  }
  return out;
}

VideoFindings find_in_video(const std::vector<FrameRecord>& records, const VideoIndex& index, const VideoFacts& facts,
                            std::int64_t errors_at_end) {
  VideoFindings out;
  if (records.empty()) return out;
  Film film{records, facts, 0, median_step(records)};
  film.end_ticks = std::max(index.end_ticks, records.back().pts + 1);
  // A file that is cut off promises more than it holds.
  if (index.frame_ticks.empty() || index.frame_ticks.back() > records.back().pts)
    film.end_ticks = records.back().pts + film.step;
  out.frames = static_cast<std::int64_t>(records.size());
  out.start_seconds = film.start(0);
  out.end_seconds = film.seconds(film.end_ticks);
  find_black(film, out);
  find_freeze(film, out);
  find_scene_cuts(film, out);
  find_interlacing(film, out);
  find_frame_rate(film, out);
  find_dropped(film, out);
  find_duplicated(film, out);
  find_bars(film, out);
  find_lost(film, index, out);
  find_damage(film, errors_at_end, out);
  return out;
}

}  // namespace vf::media::analysis
