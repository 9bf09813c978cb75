// One chunk of a film, encoded for every rung from one decode.
//
// Decoding and scaling run in the calling thread, each encoder in a thread of its own behind a short
// queue. The bytes depend on the spec and the libraries alone: not on the machine, the number of
// cores or on which other rungs are made in the same go.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/effects/effect.h"
#include "media/encode/presets.h"
#include "media/package/track.h"
#include "media/probe/media_info.h"
#include "media/scale/picture_chain.h"

namespace vf::media {

struct ChunkRung {
  Target target;
  VideoEncoder encoder;
};
BOOST_DESCRIBE_STRUCT(ChunkRung, (), (target, encoder))

// Times named ticks are of the source stream's time base.
struct ChunkSpec {
  int stream_index = 0;
  Rational time_base;                        // of the source stream
  std::int64_t origin_ticks = 0;             // becomes time 0 of the track
  std::int64_t start_ticks = 0;              // frames with start <= pts < end are the chunk
  std::int64_t end_ticks = 0;                // also where the last frame ends
  std::vector<std::int64_t> segment_starts;  // ascending; the first is start_ticks
  int first_segment_number = 1;              // its sequence number in the whole track
  int timescale = 0;                         // ticks per second of the track
  Rational frame_rate{0, 1};                 // nominal, of the whole film; 0/1 = unknown
  Rational fps_limit{0, 1};                  // frames per second at most; 0/1 = all frames, at their own times
  std::int64_t max_pixels = 8192LL * 8192;
  PictureSpec picture;
  std::optional<HdrMetadata> mastering;         // of the source, for rungs that keep its light
  std::optional<effects::EffectChain> effects;  // done to the scaled pictures; with a single rung only
  std::vector<ChunkRung> rungs;
};
BOOST_DESCRIBE_STRUCT(ChunkSpec, (),
                      (stream_index, time_base, origin_ticks, start_ticks, end_ticks, segment_starts,
                       first_segment_number, timescale, frame_rate, fps_limit, max_pixels, picture, mastering, effects,
                       rungs))

// Where a rung's fragments go: appended to `fd`. Rungs whose result is known already are left out of
// the call by leaving them out of the spec.
struct RungOutput {
  int fd = -1;
};

// Told from the encoders' threads, one call at a time: the share of the work that is done.
using EncodeProgress = std::function<void(double fraction)>;

// One TrackChunk a rung, in the order of spec.rungs. Every segment starts with a key frame and there are no
// other IDR pictures. Frames keep their own times; where damage ate the first frame of a segment, the
// picture before it is shown again at the segment's start, and a warning says so.
// Errors: invalid_argument (the spec), invalid_input (nothing in the range decodes), limit_exceeded
// (picture size), no_space, as VideoReader and PictureChain.
Result<std::vector<TrackChunk>> encode_video_chunk(int source_fd, const ChunkSpec& spec,
                                                   const PictureResources& resources,
                                                   std::span<const RungOutput> outputs,
                                                   const EncodeProgress& progress = {});

}  // namespace vf::media
