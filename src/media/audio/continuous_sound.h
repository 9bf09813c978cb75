// Sound as it should be heard: one unbroken run of samples from an origin to an end.
//
// The source's time stamps are the truth. A late start and gaps become silence, overlaps and what
// lies before the origin are cut, a clock that drifts is followed by resampling a little faster or
// slower (never by a jump), and time stamps that only jitter (containers that count milliseconds)
// change nothing. The result is planar float, mono, stereo or 5.1, at one rate.
#pragma once

#include <cstdint>
#include <functional>

#include "base/error.h"
#include "base/json.h"
#include "media/audio/audio_reader.h"

namespace vf::media::audio {

struct SoundFormat {
  int sample_rate = 48'000;
  int channels = 2;  // 1, 2 or 6 (5.1)
};

// What had to be done to make it continuous.
struct SoundRepairs {
  int gaps = 0;  // filled with silence, the late start not counted
  double gap_seconds = 0;
  int overlaps = 0;  // cut
  double overlap_seconds = 0;
  double late_start_seconds = 0;  // silence before the first sound
  double early_end_seconds = 0;   // silence after the last sound
  double stretched_seconds = 0;   // added (or, negative, removed) to follow a drifting clock
  int lost_packets = 0;           // did not decode: silence instead
};
BOOST_DESCRIBE_STRUCT(SoundRepairs, (),
                      (gaps, gap_seconds, overlaps, overlap_seconds, late_start_seconds, early_end_seconds,
                       stretched_seconds, lost_packets))

// `planes[channel][sample]`, valid during the call.
using SoundSink = std::function<Result<void>(const float* const* planes, int samples)>;
using Progress = std::function<void(double fraction)>;

struct SoundRange {
  double start_seconds = 0;     // on the container's time line: becomes sample 0
  double duration_seconds = 0;  // exactly so many samples are delivered; 0 = as long as there is sound
};

// The samples in `range`, at this rate: the length that `render_sound` delivers.
std::int64_t samples_in(double seconds, int sample_rate);

// Reads the whole stream and delivers the continuous sound. Errors: the reader's and the sink's;
// invalid_input when not one block decodes.
Result<SoundRepairs> render_sound(AudioReader& reader, const SoundFormat& format, const SoundRange& range,
                                  const SoundSink& sink, const Progress& progress = {});

}  // namespace vf::media::audio
