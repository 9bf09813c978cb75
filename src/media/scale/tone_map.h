// HDR and wide-gamut Y'CbCr to BT.709 SDR by a table over all colours. Internal to scale.
//
// The table holds, for a grid of BT.2020 Y'CbCr colours, the BT.709 Y'CbCr that shows them best on an
// SDR screen: light above the knee is compressed as in ITU-R BT.2390-11 5.4 (EETF) on the brightest of
// R, G and B so that hues stay, and what BT.709 cannot show is desaturated at constant luminance.
// Applying it is integer arithmetic: some ten times faster than float filters, and the same bytes
// on every processor.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "media/scale/light.h"

struct AVFrame;

namespace vf::media {

class ToneMap {
 public:
  explicit ToneMap(const Light& light);

  // `from` is yuv420p10le of limited range, `to` yuv420p or yuv420p10le of the same size.
  void run(const AVFrame& from, AVFrame& to) const;

 private:
  static constexpr int kLumaNodes = 65;    // spaced 16 codes of 10 bit
  static constexpr int kChromaNodes = 33;  // spaced 32 codes
  using Color = std::array<std::int32_t, 3>;

  struct Corner {  // one chroma cell's corner: where its luma column starts, and its weight in 1/1024
    const std::int16_t* column;
    std::int32_t weight;
  };
  using Cell = std::array<Corner, 4>;

  Cell cell_of(int cb, int cr) const;
  static std::int32_t look_up(const Cell& cell, int component, int luma);
  template <typename Sample>
  void run_to(const AVFrame& from, AVFrame& to, int shift) const;

  std::vector<std::int16_t> table_;  // [cb][cr][component][luma], 10-bit codes times 16
};

// The EETF: PQ value of a light to the PQ value that is shown; `top` is the screen's peak over the
// source's, both in PQ and relative to the source's peak. For tests.
double compress_pq(double value, double top);

}  // namespace vf::media
