// The header of a track: what stands before its first fragment (ISO/IEC 14496-12, ISO/IEC 23000-19).
//
//   ftyp moov sidx | chunk 0: moof mdat moof mdat ... | chunk 1 ...
//
// The joined bytes are the finished file. A track that still grows has a `free` box of exactly the
// size of the coming sidx, so that finishing replaces the header by one of the same length.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/package/track.h"

namespace vf::media {

struct HeaderOptions {
  std::string language = "und";       // BCP 47 or ISO 639-2
  std::string title;                  // handler name; empty: "VideoForge"
  std::string key_id;                 // 32 hex digits: a `pssh` for common clear keys is written (cbcs)
  bool index = true;                  // false: no sidx (aes128, whose bytes only HLS can address)
  int planned_segments = 0;           // more than 0: the track grows to so many; sidx is only reserved
  std::int64_t planned_duration = 0;  // ticks, for a track that grows
};

// Where everything lies in the joined file, in bytes from its start.
struct TrackLayout {
  std::int64_t init_size = 0;     // ftyp and moov: the initialization section
  std::int64_t index_offset = 0;  // sidx; 0 without one
  std::int64_t index_size = 0;
  std::int64_t size = 0;          // of the whole file
  std::int64_t priming = 0;       // ticks the edit list cuts from the start
  std::vector<Segment> segments;  // offsets absolute
};
BOOST_DESCRIBE_STRUCT(TrackLayout, (), (init_size, index_offset, index_size, size, priming, segments))

struct TrackHeader {
  std::string bytes;
  TrackLayout layout;
};

// The header for these chunks in order. Errors: invalid_argument (chunks that do not join: other
// format, gap or overlap, segments whose offsets do not follow each other), limit_exceeded (more than
// 65,535 segments, which is what one sidx can say).
Result<TrackHeader> build_header(const TrackFormat& format, std::span<const TrackChunk> chunks,
                                 const HeaderOptions& options = {});

}  // namespace vf::media
