// Stage `verify`: the verdict over the whole set, from all proofs and the manifests' texts. Fails with
// ErrorCode::verify_failed and the reason when anything is not as it must be; nothing is published then.
//   inputs  for every video track: its chunks' proofs, then the track's; for every audio track: its
//           sound's proof, then the track's; last `package` with all its texts
//   result  Verdict
#pragma once

#include <vector>

#include "media/probe/media_info.h"

namespace vf::pipeline {

struct VerifyVideo {
  std::string name;
  int lines = 0;  // of the rung's box: small rungs are judged more mildly
  std::int64_t max_bit_rate = 0;
  std::string quality;
  std::int64_t frames = 0;  // that the source has in the range
  int chunks = 0;
};
BOOST_DESCRIBE_STRUCT(VerifyVideo, (), (name, lines, max_bit_rate, quality, frames, chunks))

struct VerifyParams {
  std::vector<VerifyVideo> video;
  std::vector<std::string> audio;
};
BOOST_DESCRIBE_STRUCT(VerifyParams, (), (video, audio))

// Similarity of one rendition to the scaled source: luma SSIM of the sampled frames.
struct Similarity {
  double mean = 0;
  double p1 = 0;  // 1st percentile
  double min = 0;
  std::vector<std::vector<double>> samples;  // [seconds, ssim]
};
BOOST_DESCRIBE_STRUCT(Similarity, (), (mean, p1, min, samples))

struct VideoVerdict {
  std::string name;
  std::int64_t frames = 0;
  double duration_seconds = 0;
  std::int64_t mean_bit_rate = 0;
  std::int64_t peak_bit_rate = 0;
  std::vector<std::int64_t> second_bits;
  Similarity ssim;
};
BOOST_DESCRIBE_STRUCT(VideoVerdict, (),
                      (name, frames, duration_seconds, mean_bit_rate, peak_bit_rate, second_bits, ssim))

struct AudioVerdict {
  std::string name;
  double duration_seconds = 0;
  std::int64_t mean_bit_rate = 0;
  double offset_seconds = 0;
  double drift_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(AudioVerdict, (), (name, duration_seconds, mean_bit_rate, offset_seconds, drift_seconds))

struct Verdict {
  std::vector<VideoVerdict> video;
  std::vector<AudioVerdict> audio;
  std::vector<media::Warning> warnings;
};
BOOST_DESCRIBE_STRUCT(Verdict, (), (video, audio, warnings))

}  // namespace vf::pipeline
