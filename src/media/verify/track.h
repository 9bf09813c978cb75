// Proof that a joined track (header and chunks, or the finished file) holds together: every packet is
// read, the index points at the segments, and the bitrates are what was measured, not hoped for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/package/track.h"

namespace vf::media::verify {

struct TrackProof {
  std::int64_t frames = 0;         // packets
  double start_seconds = 0;        // first presentation time, priming cut
  double duration_seconds = 0;     // of presentation
  std::int64_t mean_bit_rate = 0;  // bit/s of media, without boxes
  std::int64_t peak_bit_rate = 0;  // highest second
  std::int64_t bytes = 0;          // of the file
  int segments = 0;
  std::vector<std::int64_t> second_bytes;  // media bytes of each second of the film, from zero
  std::vector<std::string> failures;       // sentences; empty: proven
};
BOOST_DESCRIBE_STRUCT(TrackProof, (),
                      (frames, start_seconds, duration_seconds, mean_bit_rate, peak_bit_rate, bytes, segments,
                       second_bytes, failures))

// `parts`: read as one file. `chunks`: all chunks of the track in order. Errors only where a descriptor
// cannot be read.
Result<TrackProof> verify_track(const std::vector<int>& parts, std::span<const TrackChunk> chunks);

}  // namespace vf::media::verify
