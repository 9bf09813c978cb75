// Proof that an audio track is the source's sound: everything that was written is decoded, and its
// place in time is measured against the source.
//
// Both sides are decoded apart from the code that made the track: each block lies where its own time
// stamp says. In windows of a few seconds the two are correlated (mono, 8 kHz); the lag of the best
// match is the A/V offset there. Silence, and tones that match themselves at many lags, prove nothing
// and accuse nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/audio/continuous_sound.h"
#include "media/package/track.h"

namespace vf::media::verify {

struct SoundSpec {
  int source_stream = 0;
  double start_seconds = 0;       // of the source: becomes 0 of the track
  double duration_seconds = 0;    // what the track should last; 0 = as long as its description says
  bool loudness_changed = false;  // a gain was applied on purpose: levels are not compared
  std::int64_t lost_packets = 0;  // of the source, as the encoder told: sound may be missing there
};
BOOST_DESCRIBE_STRUCT(SoundSpec, (), (source_stream, start_seconds, duration_seconds, loudness_changed, lost_packets))

constexpr double kOffsetLimitSeconds = 0.010;

struct SoundWindow {
  double seconds = 0;      // of the track, where the window begins
  double lag_seconds = 0;  // positive: the track is late
  double likeness = 0;     // normalised correlation at that lag, -1 to 1
};
BOOST_DESCRIBE_STRUCT(SoundWindow, (), (seconds, lag_seconds, likeness))

struct SoundProof {
  double duration_seconds = 0;      // of decoded sound, priming cut
  double offset_seconds = 0;        // median lag; positive: the track is late
  double worst_offset_seconds = 0;  // of two windows in a row
  double drift_seconds = 0;         // lag at the end minus lag at the start
  double likeness = 0;              // median
  int windows = 0;                  // compared
  int usable_windows = 0;           // that could tell a lag
  std::int64_t decode_errors = 0;
  std::vector<SoundWindow> samples;   // the usable ones
  std::vector<std::string> failures;  // sentences; empty: proven
};
BOOST_DESCRIBE_STRUCT(SoundProof, (),
                      (duration_seconds, offset_seconds, worst_offset_seconds, drift_seconds, likeness, windows,
                       usable_windows, decode_errors, samples, failures))

// `parts`: header and chunks of the track in order. Errors only where nothing can be compared (the
// source does not open); what is wrong with the track is in the proof.
Result<SoundProof> verify_audio_track(const SoundSpec& spec, int source_fd, const std::vector<int>& parts,
                                      const TrackChunk& chunk, const audio::Progress& progress = {});

}  // namespace vf::media::verify
