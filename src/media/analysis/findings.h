// What is found in a video from the records of its pictures. Pure functions of those records.
//
// Times are seconds from `VideoFacts::origin_seconds`: what a player shows as 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rational.h"
#include "media/analysis/frame_record.h"
#include "media/analysis/sound.h"
#include "media/probe/media_info.h"

namespace vf::media::analysis {

// What is known of the stream before its pictures are looked at, and how long things must last.
struct VideoFacts {
  Rational time_base;
  double origin_seconds = 0;  // of the file's clock
  bool variable_rate = false;
  double black_share = 0.98;
  double black_seconds = 2;
  double freeze_noise = 0.001;
  double freeze_seconds = 2;
};
BOOST_DESCRIBE_STRUCT(VideoFacts, (),
                      (time_base, origin_seconds, variable_rate, black_share, black_seconds, freeze_noise,
                       freeze_seconds))

struct FieldInterval {
  double from = 0;
  double to = 0;
  std::string order;  // "top-first" or "bottom-first"
};
BOOST_DESCRIBE_STRUCT(FieldInterval, (), (from, to, order))

// Counts of pictures by what their lines say; a picture without movement between its lines says nothing.
struct Interlacing {
  std::string verdict;  // "progressive", "interlaced", "mixed", "unknown"
  std::int64_t progressive = 0;
  std::int64_t top_first = 0;
  std::int64_t bottom_first = 0;
  std::int64_t unknown = 0;
  std::vector<FieldInterval> intervals;
};
BOOST_DESCRIBE_STRUCT(Interlacing, (), (verdict, progressive, top_first, bottom_first, unknown, intervals))

struct FrameRate {
  double nominal = 0;  // by the median step between pictures
  double mean = 0;
  bool variable = false;
  double shortest_ms = 0;  // steps
  double longest_ms = 0;
  double longest_at = 0;
};
BOOST_DESCRIBE_STRUCT(FrameRate, (), (nominal, mean, variable, shortest_ms, longest_ms, longest_at))

// Pictures that are missing or too many in a stretch.
struct FrameFault {
  double from = 0;
  double to = 0;
  std::int64_t frames = 0;
};
BOOST_DESCRIBE_STRUCT(FrameFault, (), (from, to, frames))

struct DecodeFault {
  double from = 0;
  double to = 0;
  std::int64_t pictures = 0;  // damaged, and shown all the same
  std::int64_t packets = 0;   // refused
};
BOOST_DESCRIBE_STRUCT(DecodeFault, (), (from, to, pictures, packets))

// A rectangle of coded samples.
struct PictureArea {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  std::string kind;  // "full", "letterbox" (bars above and below), "pillarbox", "windowbox" (both), "uneven" (no bars:
                     // dark edges)
};
BOOST_DESCRIBE_STRUCT(PictureArea, (), (x, y, width, height, kind))

struct BoxedInterval {
  double from = 0;
  double to = 0;
  PictureArea area;
};
BOOST_DESCRIBE_STRUCT(BoxedInterval, (), (from, to, area))

struct VideoFindings {
  std::int64_t frames = 0;
  double start_seconds = 0;
  double end_seconds = 0;
  std::vector<Interval> black;
  std::vector<Interval> freeze;
  Interlacing interlacing;
  FrameRate frame_rate;
  std::int64_t dropped_frames = 0;
  std::vector<FrameFault> dropped;  // gaps in the times
  std::int64_t duplicated_frames = 0;
  std::vector<FrameFault> duplicated;  // the same picture again while all around it moves
  std::int64_t lost_frames = 0;
  std::vector<FrameFault> lost;  // the file says they are there, and they do not decode
  std::vector<DecodeFault> decode_errors;
  std::optional<PictureArea> area;   // what is never black; empty for a black film
  std::vector<BoxedInterval> boxed;  // when there are bars
  std::vector<double> scene_cuts;
};
BOOST_DESCRIBE_STRUCT(VideoFindings, (),
                      (frames, start_seconds, end_seconds, black, freeze, interlacing, frame_rate, dropped_frames,
                       dropped, duplicated_frames, duplicated, lost_frames, lost, decode_errors, area, boxed,
                       scene_cuts))

// The records of all chunks as those of one film.
std::vector<FrameRecord> join_records(const std::vector<std::vector<FrameRecord>>& chunks);

// `index` is the file's promise; `errors_at_end` packets were lost after the last picture.
VideoFindings find_in_video(const std::vector<FrameRecord>& records, const VideoIndex& index, const VideoFacts& facts,
                            std::int64_t errors_at_end);

}  // namespace vf::media::analysis
