#include "media/compare/pictures.h"

#include <algorithm>
#include <cstdlib>

#include "base/fd.h"
#include "media/av/ptr.h"
#include "media/compare/frame_score.h"
#include "media/compare/side.h"
#include "media/frames/jpeg.h"

namespace vf::media::compare {
namespace {

constexpr int kQuantiser = 4;
constexpr int kDifferenceGain = 8;

// Each pixel of the result is the mean of those it stands for.
frames::RgbPicture shrink(const frames::RgbPicture& from, int max_width) {
  if (from.width <= max_width) return from;
  frames::RgbPicture to(max_width,
                        std::max(1, static_cast<int>(static_cast<std::int64_t>(from.height) * max_width / from.width)));
  const auto edge = [](int i, int parts, int whole) {
    return static_cast<int>(static_cast<std::int64_t>(i) * whole / parts);
  };
  for (int y = 0; y < to.height; ++y)
    for (int x = 0; x < to.width; ++x) {
      const int left = edge(x, to.width, from.width), right = edge(x + 1, to.width, from.width);
      const int top = edge(y, to.height, from.height), bottom = edge(y + 1, to.height, from.height);
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int v = top; v < bottom; ++v)
          for (int u = left; u < right; ++u) sum += from.bytes[static_cast<std::size_t>(3 * (v * from.width + u) + c)];
        to.bytes[static_cast<std::size_t>(3 * (y * to.width + x) + c)] =
            static_cast<std::uint8_t>(sum / std::max(1, (right - left) * (bottom - top)));
      }
    }
  return to;
}

frames::RgbPicture difference(const AVFrame& a, const AVFrame& b, int depth) {
  frames::RgbPicture out(a.width, a.height);
  const auto sample = [depth](const AVFrame& f, int x, int y) {
    const auto* row = f.data[0] + static_cast<std::ptrdiff_t>(y) * f.linesize[0];
    return depth > 8 ? reinterpret_cast<const std::uint16_t*>(row)[x] >> (depth - 8) : static_cast<int>(row[x]);
  };
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x) {
      const int value = std::min(255, kDifferenceGain * std::abs(sample(a, x, y) - sample(b, x, y)));
      for (int c = 0; c < 3; ++c)
        out.bytes[static_cast<std::size_t>(3 * (y * a.width + x) + c)] = static_cast<std::uint8_t>(value);
    }
  return out;
}

Result<void> write_jpeg(const frames::RgbPicture& picture, int max_width, int fd) {
  return write_all(fd, VF_TRY(frames::encode_jpeg(shrink(picture, max_width), kQuantiser)));
}

}  // namespace

Result<std::vector<PairPictures>> picture_pairs(int fd_a, int fd_b, const PairSpec& spec, int max_width,
                                                std::span<const PairOutputs> outputs) {
  auto a = VF_TRY(Side::open(fd_a, spec.a, spec.target));
  auto b = VF_TRY(Side::open(fd_b, spec.b, spec.target));
  std::vector<PairPictures> out(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto* one = VF_TRY(a.at(spec.a.ticks.at(i)));
    const auto* other = VF_TRY(b.at(spec.b.ticks.at(i)));
    if (!one || !other) continue;
    const auto scored = score(*one, *other);
    if (!scored) continue;
    VF_CHECK(write_jpeg(VF_TRY(frames::to_rgb(one)), max_width, outputs[i].a));
    VF_CHECK(write_jpeg(VF_TRY(frames::to_rgb(other)), max_width, outputs[i].b));
    VF_CHECK(write_jpeg(difference(*one, *other, scored->depth), max_width, outputs[i].difference));
    out[i] = {one->width, one->height};
  }
  return out;
}

}  // namespace vf::media::compare
