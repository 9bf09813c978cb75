// Writes the fragments of one track chunk: a moof and an mdat per segment (ISO/IEC 14496-12 8.8,
// ISO/IEC 23000-19), append-only, the same bytes for the same samples.
//
// Decode times are made here. The first sample of a segment is decoded at its presentation time, the
// k-th at the k-th smallest presentation time of the segment; so decode times fill exactly the time the
// segment is shown, and chunks join without gaps. Composition offsets stay positive because all
// presentation times in the file stand `reorder_delay` ticks later, which the header's edit list takes
// back: negative offsets are allowed too, but libavformat shifts such tracks against their sound.
// Where pictures stand further apart than the delay foresees, samples are decoded early instead.
//
// That needs closed GOPs: nothing in a segment is shown before its first sample, nor after the first
// of the next. Holds one segment in memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "media/package/track.h"

namespace vf::media {

// One access unit, as it stands in mdat: NAL units with length prefixes for H.264 and HEVC (see
// annexb.h), raw for AAC (no ADTS), OBUs without temporal delimiters for AV1.
struct Sample {
  std::int64_t pts = 0;       // ticks of the track's timescale, 0 = the track's start; never negative
  std::int64_t duration = 0;  // ticks; counts for the last sample shown, others end where the next begins
  bool key = true;            // a decoder may start here
  std::span<const std::uint8_t> data;
};

// Ticks between the times in the fragments of such a track and the times of its presentation: two
// nominal frames for codecs that reorder pictures, 0 for others.
std::int64_t reorder_delay(const TrackFormat& format);

class FragmentWriter {
 public:
  // `fd` stays the caller's; fragments are appended at its current position, and offsets count from
  // there. `first_sequence_number` is the number of the chunk's first segment in the whole track,
  // from 1. Errors: invalid_argument (a format without timescale).
  static Result<FragmentWriter> create(int fd, TrackFormat format, int first_sequence_number);

  // The next sample in decode order. The first of a segment must be a key sample with the smallest
  // presentation time. Errors: internal (the order above is broken), what the descriptor says.
  Result<void> add(const Sample& sample);

  // The next sample begins a new segment. Without samples since the last call nothing happens.
  Result<void> end_segment();

  // Writes what is left and describes the chunk (priming and warnings are the caller's to add).
  // Errors: internal (no sample at all). The writer is spent afterwards.
  Result<TrackChunk> finish();

 private:
  struct Entry {
    std::int64_t pts;
    std::int64_t duration;
    std::uint32_t size;
    bool key;
  };

  FragmentWriter(int fd, TrackFormat format, int first_sequence_number);
  Result<void> check(const Sample& sample) const;
  Result<void> write_segment(std::optional<std::int64_t> next_start);
  std::vector<std::int64_t> decode_times(const std::vector<std::int64_t>& times) const;
  void count_seconds(std::int64_t chunk_start);

  int fd_;
  std::uint32_t sequence_number_;
  bool segment_ended_ = false;
  TrackChunk chunk_;
  std::int64_t offset_ = 0;
  std::vector<Entry> entries_;       // of the open segment, decode order
  std::vector<std::uint8_t> media_;  // their bytes
};

}  // namespace vf::media
