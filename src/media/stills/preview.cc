#include "media/stills/preview.h"

#include <memory>

#include <webp/encode.h>
#include <webp/mux.h>

#include "base/fd.h"
#include "media/frames/small_picture.h"
#include "media/stills/frame_walk.h"

namespace vf::media::stills {
namespace {

constexpr int kMethod = 3;
constexpr int kKeyFrameEvery = 24;  // frames between whole ones, so that viewers can start and drop

struct FreeEncoder {
  void operator()(WebPAnimEncoder* e) const { WebPAnimEncoderDelete(e); }
};

std::unexpected<Error> cannot() { return fail(ErrorCode::internal, "The animated preview could not be written."); }

class Animation {
 public:
  Animation(Size size, const PreviewSpec& spec) : size_(size), spec_(spec) {}

  Result<void> open() {
    WebPAnimEncoderOptions options;
    if (!WebPAnimEncoderOptionsInit(&options) || !WebPConfigInit(&config_)) return cannot();
    options.kmin = kKeyFrameEvery / 2;
    options.kmax = kKeyFrameEvery;
    config_.quality = static_cast<float>(spec_.quality);
    config_.method = kMethod;
    encoder_.reset(WebPAnimEncoderNew(size_.width, size_.height, &options));
    if (!encoder_) return cannot();
    return {};
  }

  Result<void> add(const frames::RgbPicture& rgb) {
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) return cannot();
    picture.width = rgb.width;
    picture.height = rgb.height;
    picture.use_argb = 1;
    const bool added = WebPPictureImportRGB(&picture, rgb.bytes.data(), 3 * rgb.width) &&
                       WebPAnimEncoderAdd(encoder_.get(), &picture, frames_ * spec_.frame_ms, &config_);
    WebPPictureFree(&picture);
    if (!added) return cannot();
    ++frames_;
    return {};
  }

  Result<Preview> finish(int fd) {
    WebPData data;
    WebPDataInit(&data);
    const bool made = WebPAnimEncoderAdd(encoder_.get(), nullptr, frames_ * spec_.frame_ms, nullptr) &&
                      WebPAnimEncoderAssemble(encoder_.get(), &data);
    auto written = made ? write_all(fd, std::span<const std::uint8_t>(data.bytes, data.size)) : cannot();
    WebPDataClear(&data);
    VF_CHECK(std::move(written));
    return Preview{size_.width, size_.height, frames_, frames_ * spec_.frame_ms / 1000.0};
  }

  int frames() const { return frames_; }

 private:
  Size size_;
  const PreviewSpec& spec_;
  WebPConfig config_{};
  std::unique_ptr<WebPAnimEncoder, FreeEncoder> encoder_;
  int frames_ = 0;
};

}  // namespace

Result<Preview> make_preview(int fd, const PreviewSpec& spec, int out_fd) {
  if (spec.display_width <= 0 || spec.display_height <= 0 || spec.frame_ms <= 0)
    return fail(ErrorCode::invalid_argument, "A preview needs the source's size and a time for each frame.");
  const Size display{spec.display_width, spec.display_height};
  const auto size = frames::fit(display, {spec.max_width, spec.max_height});
  frames::SmallPictures small(spec.picture, display, size);
  Animation animation(size, spec);
  VF_CHECK(animation.open());
  VF_CHECK(
      walk_frames(fd, spec.stream_index, spec.frames, [&](const AVFrame& frame, std::size_t, bool) -> Result<void> {
        return animation.add(VF_TRY(small.make(&frame)));
      }));
  if (animation.frames() == 0)
    return fail(ErrorCode::invalid_input, "Not one picture of the video could be decoded; the file is damaged.");
  return animation.finish(out_fd);
}

}  // namespace vf::media::stills
