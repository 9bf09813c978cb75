#include "media/stills/scenes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "media/av/ptr.h"
#include "media/scale/light.h"
#include "media/stills/frame_walk.h"

namespace vf::media::stills {
namespace {

constexpr int kColumns = 16;
constexpr int kRows = 9;
constexpr std::size_t kTiles = kColumns * kRows;
constexpr std::string_view kHex = "0123456789abcdef";

using Signature = std::array<std::uint8_t, kTiles>;

// Shrinks the luma of any frame to the tiles.
class Shrinker {
 public:
  Result<Signature> shrink(const AVFrame& frame) {
    const auto format = static_cast<AVPixelFormat>(frame.format);
    if (!context_ || format_ != frame.format || width_ != frame.width || height_ != frame.height) {
      context_.reset(sws_getContext(frame.width, frame.height, format, kColumns, kRows, AV_PIX_FMT_GRAY8,
                                    SWS_AREA | SWS_BITEXACT, nullptr, nullptr, nullptr));
      if (!context_) return fail(ErrorCode::unsupported_input, "The video's pixel format cannot be converted.");
      format_ = frame.format;
      width_ = frame.width;
      height_ = frame.height;
    }
    // libswscale writes whole vectors: a row is wider than it has to be.
    constexpr int kStride = 64;
    std::array<std::uint8_t, kStride*(kRows + 1)> room{};
    std::uint8_t* to[4] = {room.data()};
    const int stride[4] = {kStride};
    if (sws_scale(context_.get(), frame.data, frame.linesize, 0, frame.height, to, stride) < 0)
      return fail(ErrorCode::internal, "A picture could not be made smaller.");
    Signature out;
    for (std::size_t y = 0; y < kRows; ++y) std::copy_n(room.data() + y * kStride, kColumns, out.data() + y * kColumns);
    return out;
  }

 private:
  av::SwsPtr context_;
  int format_ = -1, width_ = 0, height_ = 0;
};

double difference(const Signature& a, const Signature& b) {
  int sum = 0;
  for (std::size_t i = 0; i < kTiles; ++i) sum += std::abs(a[i] - b[i]);
  return static_cast<double>(sum) / (255.0 * kTiles);
}

Result<Signature> signature_at(const std::string& digits, std::size_t frame) {
  Signature out;
  for (std::size_t i = 0; i < kTiles; ++i) {
    const auto at = (frame * kTiles + i) * 2;
    const auto high = at + 1 < digits.size() ? kHex.find(digits[at]) : kHex.npos;
    const auto low = high != kHex.npos ? kHex.find(digits[at + 1]) : kHex.npos;
    if (low == kHex.npos) return fail(ErrorCode::internal, "A list of frames' signatures is damaged.");
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

}  // namespace

Result<Signatures> read_signatures(int fd, const ScenesSpec& spec, const std::function<void(double)>& progress) {
  Signatures out;
  Shrinker shrinker;
  VF_CHECK(
      walk_frames(fd, spec.stream_index, spec.frames, [&](const AVFrame& frame, std::size_t at, bool) -> Result<void> {
        for (const auto v : VF_TRY(shrinker.shrink(frame))) {
          out.digits += kHex[v / 16];
          out.digits += kHex[v % 16];
        }
        out.index.push_back(spec.frames.index[at]);
        if (progress) progress(static_cast<double>(at + 1) / static_cast<double>(spec.frames.index.size()));
        return {};
      }));
  return out;
}

Result<std::vector<std::int64_t>> find_scenes(std::span<const Signatures> parts) {
  std::vector<std::int64_t> frames;
  std::vector<double> changes;  // of each frame against the one before
  Signature last{};
  for (const auto& part : parts)
    for (std::size_t i = 0; i < part.index.size(); ++i) {
      const auto now = VF_TRY(signature_at(part.digits, i));
      changes.push_back(frames.empty() ? 0 : difference(now, last));
      frames.push_back(part.index[i]);
      last = now;
    }
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    double most = 0;  // that the neighbours change
    const auto from = i > kCutNeighbours ? i - kCutNeighbours : 1;
    for (auto n = from; n < std::min(frames.size(), i + kCutNeighbours + 1); ++n)
      if (n != i) most = std::max(most, changes[n]);
    if (i == 0 || (changes[i] >= kCutDifference && changes[i] >= kCutContrast * most)) out.push_back(frames[i]);
  }
  return out;
}

}  // namespace vf::media::stills
