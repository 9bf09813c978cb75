// What the numbers of a source's samples mean, and what ours mean. Internal to media.
#pragma once

struct AVFrame;

namespace vf::media {

// Luma weights of a Y'CbCr matrix (ITU-T H.273 table 4).
struct LumaWeights {
  double kr = 0.2126;
  double kb = 0.0722;
  friend bool operator==(const LumaWeights&, const LumaWeights&) = default;
};

inline constexpr LumaWeights kBt709{0.2126, 0.0722};

enum class Transfer { sdr, pq, hlg };

// The colour of a source with every unknown replaced by what players assume.
struct Light {
  int matrix = 1;  // AVColorSpace; rgb is 0
  LumaWeights weights;
  bool rgb = false;
  bool full_range = false;
  bool wide = false;  // BT.2020 primaries
  Transfer transfer = Transfer::sdr;
  double peak = 1000;  // cd/m2, HDR only: where the source's brightest light is

  // True where samples cannot become BT.709 by a matrix alone.
  bool needs_mapping() const { return transfer != Transfer::sdr || wide; }
  friend bool operator==(const Light&, const Light&) = default;
};

// `peak` 0 = from the frame's own metadata (ST 2086, CTA-861.3), else 1000.
Light light_of(const AVFrame& frame, double peak);

}  // namespace vf::media
