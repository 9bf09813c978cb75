// How near one picture is to another: PSNR and SSIM as ffmpeg's filters of those names count them.
#pragma once

#include <array>

#include "base/error.h"

struct AVFrame;

namespace vf::media::compare {

struct FrameScore {
  int planes = 0;                     // 3, or 1 for grey
  std::array<double, 3> mse = {};     // mean squared error of Y, Cb, Cr
  std::array<double, 3> ssim = {};    // mean over windows of 8x8 samples that overlap by 4 (as x264's)
  std::array<double, 3> weight = {};  // of each plane: its share of the samples
  int depth = 8;                      // bits

  double weighted_mse() const;
  double weighted_ssim() const;
};

// The sum of squares is over whole planes. Errors: invalid_argument where size or format differ, or the
// format is not planar Y'CbCr or grey of 8 to 12 bits.
Result<FrameScore> score(const AVFrame& reference, const AVFrame& other);

// Whether score() takes pictures of this AVPixelFormat.
bool can_score(int format);

// dB of this mean squared error; identical pictures, and what is as good, have kIdenticalPsnr.
inline constexpr double kIdenticalPsnr = 100;
double psnr(double mse, int depth);

}  // namespace vf::media::compare
