#include "media/package/slice_header.h"

namespace vf::media {

std::uint32_t BitReader::bit() {
  if (bit_ == 0 && zeros_ >= 2 && at_ < nal_.size() && nal_[at_] == 3) {
    ++at_;
    zeros_ = 0;
  }
  if (at_ >= nal_.size()) {
    ok_ = false;
    return 0;
  }
  const std::uint32_t out = nal_[at_] >> (7 - bit_) & 1;
  if (++bit_ == 8) {
    bit_ = 0;
    zeros_ = nal_[at_] == 0 ? zeros_ + 1 : 0;
    ++at_;
  }
  return out;
}

std::uint32_t BitReader::bits(int count) {
  std::uint32_t out = 0;
  while (count-- > 0) out = out << 1 | bit();
  return out;
}

std::uint32_t BitReader::ue() {
  int zeros = 0;
  while (ok_ && bit() == 0) ++zeros;
  if (zeros > 31) ok_ = false;
  if (!ok_) return 0;
  return (1u << zeros) - 1 + bits(zeros);
}

std::int32_t BitReader::se() {
  const auto code = ue();
  const auto half = static_cast<std::int32_t>((code + 1) / 2);
  return code & 1 ? half : -half;
}

}  // namespace vf::media
