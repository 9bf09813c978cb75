#include "media/scale/steps.h"

#include <optional>

#include "media/scale/frame_pool.h"
#include "media/scale/matrix.h"
#include "media/scale/scaler.h"
#include "media/scale/tone_map.h"
#include "media/scale/turn.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

// A step whose result always is a frame of its own, filled by `work(from, to)`.
template <typename Work>
class FillStep final : public Step {
 public:
  FillStep(FramePool pool, Work work) : pool_(std::move(pool)), work_(std::move(work)) {}

  Result<av::FramePtr> run(const AVFrame& from) override {
    auto to = VF_TRY(pool_.get());
    VF_CHECK(work_(from, *to));
    to->pts = from.pts;
    return to;
  }

 private:
  FramePool pool_;
  Work work_;
};

template <typename Work>
Result<StepPtr> make_step(PictureShape to, Work work) {
  auto pool = VF_TRY(FramePool::create(to.width, to.height, to.format));
  return StepPtr(std::make_unique<FillStep<Work>>(std::move(pool), std::move(work)));
}

template <typename Sample>
void multiply_alpha(AVFrame& frame) {
  constexpr std::uint32_t kTop = std::numeric_limits<Sample>::max();
  for (int y = 0; y < frame.height; ++y) {
    auto* p = reinterpret_cast<Sample*>(frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0]);
    for (int x = 0; x < frame.width; ++x, p += 4)
      for (int i = 0; i < 3; ++i)
        p[i] = static_cast<Sample>((static_cast<std::uint32_t>(p[i]) * p[3] + kTop / 2) / kTop);
  }
}

}  // namespace

Result<StepPtr> make_scale_step(PictureShape from, const Light& light, PictureShape to, int to_matrix) {
  auto scaler = VF_TRY(
      Scaler::create({from.width, from.height, from.format}, light, {to.width, to.height, to.format}, to_matrix));
  return make_step(
      to, [scaler = std::move(scaler)](const AVFrame& in, AVFrame& out) mutable { return scaler.run(in, out); });
}

Result<StepPtr> make_matrix_step(PictureShape shape, LumaWeights from) {
  return make_step(shape, [matrix = MatrixToBt709(from)](const AVFrame& in, AVFrame& out) mutable -> Result<void> {
    matrix.run(in, out);
    return {};
  });
}

Result<StepPtr> make_tone_map_step(PictureShape from, const Light& light, int to_format) {
  return make_step({from.width, from.height, to_format},
                   [map = ToneMap(light)](const AVFrame& in, AVFrame& out) -> Result<void> {
                     map.run(in, out);
                     return {};
                   });
}

Result<StepPtr> make_turn_step(PictureShape from, int rotation, bool mirrored) {
  const bool swapped = rotation == 90 || rotation == 270;
  const PictureShape to{swapped ? from.height : from.width, swapped ? from.width : from.height, from.format};
  return make_step(to, [rotation, mirrored](const AVFrame& in, AVFrame& out) -> Result<void> {
    turn(in, out, rotation, mirrored);
    return {};
  });
}

Result<StepPtr> make_flatten_step(PictureShape from, const Light& light) {
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(from.format));
  const bool deep = format && format->comp[0].depth > 8;
  const PictureShape to{from.width, from.height, deep ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGBA};
  auto scaler = VF_TRY(
      Scaler::create({from.width, from.height, from.format}, light, {to.width, to.height, to.format}, light.matrix));
  return make_step(to, [scaler = std::move(scaler), deep](const AVFrame& in, AVFrame& out) mutable -> Result<void> {
    VF_CHECK(scaler.run(in, out));
    if (deep)
      multiply_alpha<std::uint16_t>(out);
    else
      multiply_alpha<std::uint8_t>(out);
    return {};
  });
}

}  // namespace vf::media
