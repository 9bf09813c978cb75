// Measures one sound track, decoding it once: loudness (EBU R128, ITU-R BS.1770-4), true peak, silence,
// clipping, gaps in its times, and packets that do not decode.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"

namespace vf::media::analysis {

struct SoundSpec {
  int stream_index = 0;
  double silence_level = 0.001;  // of full scale: every channel stays below it
  double silence_seconds = 2;    // shortest silence that is told
  int clipping_samples = 3;      // so many full-scale samples in a row are clipping
};
BOOST_DESCRIBE_STRUCT(SoundSpec, (), (stream_index, silence_level, silence_seconds, clipping_samples))

// Seconds of the file's clock.
struct Interval {
  double from = 0;
  double to = 0;
};
BOOST_DESCRIBE_STRUCT(Interval, (), (from, to))

struct Clipping {
  double from = 0;
  double to = 0;
  std::int64_t samples = 0;  // at full scale, of all channels
};
BOOST_DESCRIBE_STRUCT(Clipping, (), (from, to, samples))

// One point a second: the loudest momentary value (400 ms window) within it, the short-term value (3 s)
// at its end, the highest true peak. Empty where there is less than that window, or only silence.
struct LoudnessPoint {
  std::optional<double> momentary_lufs;
  std::optional<double> short_term_lufs;
};
BOOST_DESCRIBE_STRUCT(LoudnessPoint, (), (momentary_lufs, short_term_lufs))

struct Loudness {
  double integrated_lufs = 0;
  double range_lu = 0;
  double true_peak_dbtp = 0;
  double true_peak_seconds = 0;  // where it is, to a tenth of a second
  double max_momentary_lufs = 0;
  std::optional<double> max_short_term_lufs;  // empty for less than 3 s
};
BOOST_DESCRIBE_STRUCT(Loudness, (),
                      (integrated_lufs, range_lu, true_peak_dbtp, true_peak_seconds, max_momentary_lufs,
                       max_short_term_lufs))

struct SoundResult {
  std::int64_t samples = 0;  // of one channel
  int sample_rate = 0;
  int channels = 0;
  double start_seconds = 0;  // of the first sample
  double end_seconds = 0;    // after the last one
  std::vector<Interval> silence;
  std::vector<Clipping> clipping;
  std::vector<Interval> gaps;      // the times jump: nothing there
  std::vector<Interval> overlaps;  // the times jump back: `to` is before `from`
  std::vector<Interval> lost;      // packets that do not decode
  std::int64_t lost_packets = 0;
  std::optional<Loudness> loudness;    // empty for silence
  std::vector<LoudnessPoint> curve;    // one a second of sound
  std::optional<std::string> failure;  // why nothing decodes
};
BOOST_DESCRIBE_STRUCT(SoundResult, (),
                      (samples, sample_rate, channels, start_seconds, end_seconds, silence, clipping, gaps, overlaps,
                       lost, lost_packets, loudness, curve, failure))

// Lists keep their first so many entries; counts go on.
inline constexpr std::size_t kMaxListed = 5000;

// A track that does not decode is a result with a failure, not an error.
Result<SoundResult> measure_sound(int fd, const SoundSpec& spec, const std::function<void(double)>& progress = {});

}  // namespace vf::media::analysis
