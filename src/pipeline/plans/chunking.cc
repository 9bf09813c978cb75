#include "pipeline/plans/chunking.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace vf::pipeline {
namespace {

using Ticks = std::int64_t;
using TickSpan = std::span<const Ticks>;

// A chunk may grow to this many times its aim to end at a key frame: further in a long film, where
// decoding twice would be waste, than in a short one, where few chunks would leave processors idle.
constexpr double kChunkStretch = 3.0;
constexpr double kShortFilmStretch = 1.4;
constexpr std::int64_t kShortFilmChunks = 6;
// What is left of a chunk joins the last segment when it is shorter than this share of one.
constexpr double kShortSegment = 0.5;

constexpr int kMinTimescale = 1000;
constexpr int kMaxTimescale = 1'000'000;
constexpr int kFallbackTimescale = 90'000;  // the clock of MPEG-2 systems

Ticks first_at_or_after(TickSpan times, Ticks wanted, Ticks otherwise) {
  const auto found = std::ranges::lower_bound(times, wanted);
  return found == times.end() ? otherwise : *found;
}

struct Lengths {
  Ticks segment;
  Ticks chunk;
  double stretch;
};

Lengths lengths_for(const media::VideoIndex& index, Ticks span) {
  const auto ticks = [&](double seconds) {
    return std::max<Ticks>(
        1, std::llround(seconds * static_cast<double>(index.time_base.den) / static_cast<double>(index.time_base.num)));
  };
  const Ticks aim = std::max(std::clamp(span / kEnoughChunks, ticks(kShortestChunkSeconds), ticks(kUsualChunkSeconds)),
                             span / kMaxChunks);
  // Chunks of about equal length: 11 s are two of 5.5, not 5 + 5 + 1, and 8 s are two of 4.
  const Ticks count = std::max<Ticks>(1, (span + aim / 2) / aim);
  return {ticks(kSegmentSeconds), (span + count - 1) / count,
          count < kShortFilmChunks ? kShortFilmStretch : kChunkStretch};
}

Ticks chunk_end(TickSpan frames, TickSpan keys, Ticks start, Ticks end, const Lengths& lengths) {
  if (end - start <= lengths.chunk + lengths.segment / 2) return end;
  const Ticks key = first_at_or_after(keys, start + lengths.chunk - lengths.segment, end);
  const auto limit = start + static_cast<Ticks>(lengths.stretch * static_cast<double>(lengths.chunk));
  if (key <= limit) return end - key < lengths.segment ? end : key;
  const Ticks cut_at =
      start + std::max<Ticks>(1, (lengths.chunk + lengths.segment / 2) / lengths.segment) * lengths.segment;
  return end - cut_at < lengths.segment ? end : first_at_or_after(frames, cut_at, end);
}

std::vector<Ticks> segment_starts(TickSpan candidates, Ticks start, Ticks end, Ticks segment, bool on_key_frames) {
  std::vector<Ticks> starts{start};
  const auto shortest = static_cast<Ticks>(kShortSegment * static_cast<double>(segment));
  for (Ticks k = 1;; ++k) {
    // Key frames lie where they lie: count from the last one. Frames of our own: count from the start.
    const Ticks wanted = on_key_frames ? starts.back() + segment - segment / 8 : start + k * segment;
    const Ticks next = first_at_or_after(candidates, wanted, end);
    if (next >= end || end - next < shortest) return starts;
    if (next > starts.back()) starts.push_back(next);
  }
}

// The chunk's end where its rest would be too short to stand alone.
Ticks first_segment_end(TickSpan candidates, Ticks start, Ticks end, Ticks segment) {
  const Ticks next = first_at_or_after(candidates, start + segment, end);
  return end - next < segment ? end : next;
}

}  // namespace

int timescale_for(Rational time_base) {
  const auto base = reduced(time_base);
  if (!base.valid() || base.den > kMaxTimescale) return kFallbackTimescale;
  std::int64_t timescale = base.den;
  while (timescale < kMinTimescale) timescale *= 10;
  return static_cast<int>(timescale);
}

Cutting cut(const media::VideoIndex& index, Ticks from, Ticks to, bool on_key_frames, bool quick_start) {
  const auto begin = std::ranges::lower_bound(index.frame_ticks, from);
  const auto end = std::ranges::lower_bound(index.frame_ticks, to);
  Cutting out;
  if (begin >= end) return out;
  const TickSpan frames(begin, end);
  const TickSpan keys(std::ranges::lower_bound(index.key_ticks, from), std::ranges::lower_bound(index.key_ticks, to));
  out.origin = frames.front();
  out.end = end == index.frame_ticks.end() ? std::max(index.end_ticks, frames.back() + 1) : *end;
  out.frames = static_cast<std::int64_t>(frames.size());

  const auto lengths = lengths_for(index, out.end - out.origin);
  const TickSpan candidates = on_key_frames ? keys : frames;
  for (Ticks start = out.origin; start < out.end;) {
    Chunk chunk;
    chunk.start = start;
    chunk.end = chunk_end(candidates, keys, start, out.end, lengths);
    if (quick_start && out.chunks.empty())
      chunk.end = first_segment_end(candidates, start, chunk.end, lengths.segment / 2);
    chunk.segment_starts = segment_starts(candidates, start, chunk.end, lengths.segment, on_key_frames);
    chunk.first_segment = out.segments;
    chunk.frames = std::ranges::lower_bound(frames, chunk.end) - std::ranges::lower_bound(frames, chunk.start);
    out.segments += static_cast<int>(chunk.segment_starts.size());
    start = chunk.end;
    out.chunks.push_back(std::move(chunk));
  }
  return out;
}

}  // namespace vf::pipeline
