// How alike two luma planes are. Internal to the room.
#pragma once

struct AVFrame;

namespace vf::media::verify {

struct Likeness {
  double ssim = 0;             // mean SSIM over 8x8 windows, 4 apart (as x264 and ffmpeg measure it)
  double mean_difference = 0;  // between means of 16x16 blocks, in 8-bit steps
  double structure = 0;        // correlation of those means: 1 where light and dark lie in the same places
  double wrong_share = 0;      // of those blocks: so far off that no quantiser explains it
};

// Both of the same size and depth (8 bit, or 10 bit in 16); 0 in everything where they are not.
Likeness compare_luma(const AVFrame& a, const AVFrame& b);

}  // namespace vf::media::verify
