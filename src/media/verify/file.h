// Proof that a finished file shows what was asked for: every picture is there at its time, and those at its
// beginning, at every seam and at its end decode without a fault and are the source's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"
#include "media/probe/media_info.h"

namespace vf::media::verify {

// A part of the file's video in ticks of the source.
struct Stretch {
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool copied = false;
};
BOOST_DESCRIBE_STRUCT(Stretch, (), (from, to, copied))

enum class Compare {
  nothing,  // pictures were changed on purpose: that they decode is proof enough
  samples,  // they are the source's own samples, or encoded to look the same
};
BOOST_DESCRIBE_ENUM(Compare, nothing, samples)

struct FileSpec {
  int stream_index = -1;  // of the source's video; -1: the file has none
  Rational time_base;     // of that
  std::int64_t origin = 0;
  std::int64_t end = INT64_MAX;
  Rational speed{1, 1};
  bool every_frame = true;  // false: pictures were left out on purpose
  Compare compare = Compare::nothing;
  std::vector<Stretch> stretches;
};
BOOST_DESCRIBE_STRUCT(FileSpec, (), (stream_index, time_base, origin, end, speed, every_frame, compare, stretches))

struct FileProof {
  std::int64_t frames = 0;            // in the file
  double first_seconds = 0;           // its first picture, on the file's clock
  double duration_seconds = 0;        // from the first picture to the end of the last one
  std::int64_t compared = 0;          // pictures
  std::int64_t identical = 0;         // of those, sample by sample
  double ssim_mean = 1;               // of encoded ones among them, where the whole film was compared
  double ssim_min = 1;                // of the encoded ones among them
  std::vector<std::string> failures;  // sentences; empty: proven
};
BOOST_DESCRIBE_STRUCT(FileProof, (),
                      (frames, first_seconds, duration_seconds, compared, identical, ssim_mean, ssim_min, failures))

// Errors only where nothing can be compared; what is wrong with the file is in the proof.
Result<FileProof> verify_file(const FileSpec& spec, const VideoIndex& index, int source_fd, int file_fd,
                              const std::function<void(double)>& progress = {});

}  // namespace vf::media::verify
