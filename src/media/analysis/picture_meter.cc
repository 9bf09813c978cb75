#include "media/analysis/picture_meter.h"

#include <algorithm>

namespace vf::media::analysis {
namespace {

// A picture whose fields, woven with their neighbours', comb so much less one way than the other is
// interlaced; one that combs so much more when woven is progressive (the ratios that the field's usual
// detector has).
constexpr double kInterlacedRatio = 1.04;
constexpr double kProgressiveRatio = 1.5;
// In a picture this black no rectangle can be seen.
constexpr float kNothingToSee = 0.98F;

Samples share(const Samples& s) {
  Samples out{av::share(s.frame.get()), s.planes, s.count, s.depth, s.full_range};
  return out;
}

Fields fields_of(const Combing& c) {
  const auto even = static_cast<double>(c.even_before);
  const auto odd = static_cast<double>(c.odd_before);
  // Combing is least where the lines of the other parity come from the same moment.
  if (even > kInterlacedRatio * odd) return Fields::top_first;
  if (odd > kInterlacedRatio * even) return Fields::bottom_first;
  if (odd > kProgressiveRatio * static_cast<double>(c.own)) return Fields::progressive;
  return Fields::unknown;
}

}  // namespace

void PictureMeter::measure_black(const Samples& here, FrameRecord& record) const {
  const int step = 1 << (here.depth - 8);
  const double black = here.full_range ? spec_.black_threshold * ((1 << here.depth) - 1)
                                       : (16 + spec_.black_threshold * (235 - 16)) * step;
  const auto& luma = here.planes[0];
  record.black_share = static_cast<float>(static_cast<double>(count_at_most(luma, static_cast<int>(black))) /
                                          (static_cast<double>(luma.width) * luma.height));
}

void PictureMeter::measure_rectangle(const Samples& here, FrameRecord& record) const {
  const auto& luma = here.planes[0];
  if (record.black_share >= kNothingToSee || luma.width > UINT16_MAX || luma.height > UINT16_MAX) return;
  const double limit = spec_.crop_threshold / 255.0 * ((1 << here.depth) - 1);
  int top = 0, left = 0, bottom = luma.height - 1, right = luma.width - 1;
  while (top <= bottom && row_mean(luma, top) <= limit) ++top;
  while (bottom > top && row_mean(luma, bottom) <= limit) --bottom;
  while (left <= right && column_mean(luma, left) <= limit) ++left;
  while (right > left && column_mean(luma, right) <= limit) --right;
  if (top > bottom || left > right) return;
  record.left = static_cast<std::uint16_t>(left);
  record.top = static_cast<std::uint16_t>(top);
  record.right = static_cast<std::uint16_t>(right);
  record.bottom = static_cast<std::uint16_t>(bottom);
}

void PictureMeter::compare(Samples& here, FrameRecord& record) {
  if (still_.frame && here.same_shape(still_)) {
    double sum = 0;
    double count = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(here.count); ++i) {
      sum += static_cast<double>(absolute_difference(here.planes[i], still_.planes[i]));
      count += static_cast<double>(here.planes[i].width) * here.planes[i].height;
    }
    const double difference = sum / count / (1 << here.depth);
    record.difference = static_cast<float>(difference);
    record.still = difference <= spec_.freeze_noise;
  }
  if (!record.still) still_ = share(here);
}

void PictureMeter::judge_fields(const Samples& after) {
  if (records_.empty() || !before_.frame || !here_.same_shape(before_) || !here_.same_shape(after)) return;
  records_.back().fields = fields_of(combing(before_.planes[0], here_.planes[0], after.planes[0]));
}

Result<void> PictureMeter::add(const AVFrame& frame, bool boundary) {
  auto samples = VF_TRY(reader_.read(frame));
  judge_fields(samples);
  FrameRecord record;
  record.pts = frame.pts;
  record.width = static_cast<std::uint16_t>(std::min(frame.width, UINT16_MAX));
  record.height = static_cast<std::uint16_t>(std::min(frame.height, UINT16_MAX));
  record.damaged = frame.flags & AV_FRAME_FLAG_CORRUPT || frame.decode_error_flags != 0;
  compare(samples, record);
  if (!boundary) {
    measure_black(samples, record);
    measure_rectangle(samples, record);
  }
  record.boundary = boundary;
  records_.push_back(record);
  before_ = std::move(here_);
  here_ = std::move(samples);
  return {};
}

Result<void> PictureMeter::add_last(const AVFrame& frame) {
  judge_fields(VF_TRY(reader_.read(frame)));
  return {};
}

}  // namespace vf::media::analysis
