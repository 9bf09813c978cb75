#include "media/compare/chunk.h"

#include "media/av/ptr.h"
#include "media/compare/frame_score.h"
#include "media/compare/pair_record.h"
#include "media/compare/side.h"

namespace vf::media::compare {
namespace {

PairRecord record_of(const FrameScore& score, std::int64_t a, std::int64_t b) {
  PairRecord out{a, b, {}, {}};
  for (std::size_t i = 0; i < 3; ++i) out.mse[i] = score.mse[i], out.ssim[i] = score.ssim[i];
  out.mse[3] = score.weighted_mse();
  out.ssim[3] = score.weighted_ssim();
  return out;
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

}  // namespace vf::media::compare
