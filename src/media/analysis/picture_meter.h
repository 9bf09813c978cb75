// Measures pictures one after the other. Internal to the room.
#pragma once

#include <vector>

#include "media/analysis/frame_record.h"
#include "media/analysis/samples.h"

namespace vf::media::analysis {

struct MeterSpec {
  double black_threshold = 0.10;  // of the luma range: samples at most so bright are black
  double freeze_noise = 0.001;    // mean absolute difference, of the full scale, that is still no change
  int crop_threshold = 24;        // 8-bit steps: rows and columns with a brighter mean belong to the picture
};

class PictureMeter {
 public:
  explicit PictureMeter(const MeterSpec& spec) : spec_(spec) {}

  // The next picture. Its record is complete once the one after it was added. Of the picture after a
  // chunk (`boundary`) only the comparisons are measured.
  Result<void> add(const AVFrame& frame, bool boundary = false);

  // Nothing of this picture is wanted but what it tells of the one before it.
  Result<void> add_last(const AVFrame& frame);

  std::vector<FrameRecord> take() { return std::move(records_); }
  bool empty() const { return records_.empty(); }
  FrameRecord& last() { return records_.back(); }

 private:
  void measure_black(const Samples& here, FrameRecord& record) const;
  void measure_rectangle(const Samples& here, FrameRecord& record) const;
  void compare(Samples& here, FrameRecord& record);
  void judge_fields(const Samples& after);

  MeterSpec spec_;
  SampleReader reader_;
  std::vector<FrameRecord> records_;
  Samples still_;   // what a picture is compared with: the one before, or the first of a still passage
  Samples before_;  // the last two pictures
  Samples here_;
};

}  // namespace vf::media::analysis
