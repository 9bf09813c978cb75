// One chunk of a film whose stream fits a rung as it is: packets into fragments, nothing decoded.
//
// The stream must have closed groups of pictures and constant parameter sets (the planner sees to it;
// verify proves it). H.264 and HEVC come with lengths or with start codes and leave with lengths.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/package/track.h"

namespace vf::media {

// Times named ticks are of the source stream's time base; all but `origin_ticks` lie on key frames.
struct CopySpec {
  int stream_index = 0;
  Rational time_base;
  std::int64_t origin_ticks = 0;  // becomes time 0 of the track
  std::int64_t start_ticks = 0;
  std::int64_t end_ticks = 0;  // the next chunk's start, or the end of the last frame
  std::vector<std::int64_t> segment_starts;
  int first_segment_number = 1;
  int timescale = 0;
  Rational frame_rate{0, 1};
};
BOOST_DESCRIBE_STRUCT(CopySpec, (),
                      (stream_index, time_base, origin_ticks, start_ticks, end_ticks, segment_starts,
                       first_segment_number, timescale, frame_rate))

// Appends the fragments to `out_fd`. Errors: invalid_input (no key frame where one was promised),
// unsupported_input (NAL units with lengths of other than four bytes).
Result<TrackChunk> copy_video_chunk(int source_fd, const CopySpec& spec, int out_fd,
                                    const std::function<void(double)>& progress = {});

}  // namespace vf::media
