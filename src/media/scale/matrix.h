// Y'CbCr of another matrix to BT.709, in integers. Internal to scale.
//
// Both matrices keep greys grey, so the new chroma depends on the old chroma alone and luma only
// gains a share of it: far less work, and less loss, than the way through R'G'B'.
#pragma once

#include <cstdint>
#include <vector>

#include "media/scale/light.h"

struct AVFrame;

namespace vf::media {

class MatrixToBt709 {
 public:
  explicit MatrixToBt709(LumaWeights from);

  // Both are yuv420p or both yuv420p10le, of limited range and of the same size.
  void run(const AVFrame& from, AVFrame& to);

 private:
  template <typename Sample>
  void run_on(const AVFrame& from, AVFrame& to, int bits);

  std::int32_t y_from_cb_, y_from_cr_, cb_from_cb_, cb_from_cr_, cr_from_cb_, cr_from_cr_;  // 1/65536
  std::vector<std::int32_t> shares_;  // what luma gains, at chroma positions
};

}  // namespace vf::media
