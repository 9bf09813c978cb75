// Proof that a chunk of every video rung is the source: all of it is decoded as a player would, its
// pictures' times are held against the source's, and a sample of them against the source's pictures,
// scaled as they were for the encoder.
//
// One picture in ten is compared, and the first and the last. The source is decoded only as far as
// those pictures need it. A bitrate cap may make hard content ugly: that is measured and told, and is
// no failure. What fails is what only damage explains.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/package/track.h"
#include "media/scale/picture_chain.h"

namespace vf::media::verify {

struct VerifySpec {
  int stream_index = 0;
  Rational time_base;            // of the source stream
  std::int64_t start_ticks = 0;  // the chunk's range: start <= pts < end
  std::int64_t end_ticks = 0;
  std::int64_t origin_ticks = 0;             // becomes 0 in the track
  std::vector<std::int64_t> frame_ticks;     // every picture that the chunk must hold, ascending
  std::vector<std::int64_t> segment_starts;  // where segments must begin, ascending, the first = start
  PictureSpec picture;
  int sample_every = 10;
};
BOOST_DESCRIBE_STRUCT(VerifySpec, (),
                      (stream_index, time_base, start_ticks, end_ticks, origin_ticks, frame_ticks, segment_starts,
                       picture, sample_every))

// Below this mean of a second's samples a picture is another picture, unless its coarse structure says
// that only detail is missing.
constexpr double kSsimFloor = 0.6;

struct RungInput {
  int header_fd = -1;  // the track's header (of the whole track, or of this chunk alone)
  int chunk_fd = -1;
  TrackChunk chunk;
  Target target;
};

struct SsimSample {
  double seconds = 0;  // of the track
  double ssim = 0;
};
BOOST_DESCRIBE_STRUCT(SsimSample, (), (seconds, ssim))

struct ChunkProof {
  std::string rung;
  std::int64_t frames = 0;     // decoded
  std::int64_t first_pts = 0;  // ticks of the track
  std::int64_t last_pts = 0;
  std::int64_t duration = 0;
  double ssim_mean = 0;
  double ssim_p1 = 0;  // 1st percentile
  double ssim_min = 0;
  std::vector<SsimSample> samples;
  std::int64_t decode_errors = 0;
  std::vector<std::int64_t> second_bytes;
  std::vector<std::string> notes;     // remarkable, and explained
  std::vector<std::string> failures;  // sentences; empty: proven
};
BOOST_DESCRIBE_STRUCT(ChunkProof, (),
                      (rung, frames, first_pts, last_pts, duration, ssim_mean, ssim_p1, ssim_min, samples,
                       decode_errors, second_bytes, notes, failures))

// One proof a rung, in their order. Errors only where nothing can be compared (the source does not
// open, the spec makes no sense); what is wrong with a rung is in its proof.
Result<std::vector<ChunkProof>> verify_video_chunk(const VerifySpec& spec, int source_fd,
                                                   std::span<const RungInput> rungs,
                                                   const PictureResources& resources = {},
                                                   const std::function<void(double fraction)>& progress = {});

}  // namespace vf::media::verify
