#include "media/compare/chunk.h"

#include <algorithm>
#include <cstdlib>

#include "base/fd.h"
#include "media/av/ptr.h"
#include "media/compare/frame_score.h"
#include "media/compare/pair_record.h"
#include "media/compare/side.h"
#include "media/frames/jpeg.h"

namespace vf::media::compare {
namespace {

constexpr int kQuantiser = 4;
constexpr int kDifferenceGain = 8;

PairRecord record_of(const FrameScore& score, std::int64_t a, std::int64_t b) {
  PairRecord out{a, b, {}, {}};
  for (std::size_t i = 0; i < 3; ++i) out.mse[i] = score.mse[i], out.ssim[i] = score.ssim[i];
  out.mse[3] = score.weighted_mse();
  out.ssim[3] = score.weighted_ssim();
  return out;
}

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

Result<PairResult> compare_pairs(int fd_a, int fd_b, const PairSpec& spec, int out_fd,
                                 const std::function<void(double)>& progress) {
  if (spec.a.ticks.size() != spec.b.ticks.size())
    return fail(ErrorCode::invalid_argument, "Two videos are compared picture by picture.");
  auto a = VF_TRY(Side::open(fd_a, spec.a, spec.target));
  auto b = VF_TRY(Side::open(fd_b, spec.b, spec.target));
  PairResult out;
  std::vector<PairRecord> records;
  for (std::size_t i = 0; i < spec.a.ticks.size(); ++i) {
    const auto* one = VF_TRY(a.at(spec.a.ticks[i]));
    const auto* other = VF_TRY(b.at(spec.b.ticks[i]));
    if (!one) out.missing_a.push_back(spec.a.ticks[i]);
    if (!other) out.missing_b.push_back(spec.b.ticks[i]);
    if (!one || !other) continue;
    const auto scored = score(*one, *other);
    if (!scored) {
      ++out.unlike;
      continue;
    }
    records.push_back(record_of(*scored, spec.a.ticks[i], spec.b.ticks[i]));
    out.planes = scored->planes;
    out.depth = scored->depth;
    out.width = one->width;
    out.height = one->height;
    if (progress) progress(static_cast<double>(i) / static_cast<double>(spec.a.ticks.size()));
  }
  out.compared = static_cast<std::int64_t>(records.size());
  VF_CHECK(write_pairs(out_fd, records));
  return out;
}

Result<PairPictures> picture_pair(int fd_a, int fd_b, const PairSpec& spec, int max_width, int a_out, int b_out,
                                  int difference_out) {
  auto a = VF_TRY(Side::open(fd_a, spec.a, spec.target));
  auto b = VF_TRY(Side::open(fd_b, spec.b, spec.target));
  const auto* one = VF_TRY(a.at(spec.a.ticks.front()));
  const auto* other = VF_TRY(b.at(spec.b.ticks.front()));
  if (!one || !other) return PairPictures{};
  VF_CHECK(write_jpeg(VF_TRY(frames::to_rgb(one)), max_width, a_out));
  VF_CHECK(write_jpeg(VF_TRY(frames::to_rgb(other)), max_width, b_out));
  if (const auto scored = score(*one, *other))
    VF_CHECK(write_jpeg(difference(*one, *other, scored->depth), max_width, difference_out));
  return PairPictures{one->width, one->height};
}

}  // namespace vf::media::compare
