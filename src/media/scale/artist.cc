#include "media/scale/artist.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "media/decode/video_reader.h"
#include "media/scale/draw.h"
#include "media/scale/frame_pool.h"
#include "media/scale/scaler.h"
#include "media/scale/still.h"
#include "media/scale/subtitle_track.h"

namespace vf::media {
namespace {

Result<RgbaImage> load_image(int fd) {
  const auto refuse = [](const Error& why) {
    return fail(why.code, "The watermark cannot be read as a picture.", why.message);
  };
  auto reader = VideoReader::create(fd, -1, {.max_pixels = kMaxStillPixels});
  if (!reader) return refuse(reader.error());
  const auto first = reader->next();
  if (!first) return refuse(first.error());
  const auto* frame = *first;
  if (!frame) return fail(ErrorCode::invalid_input, "The watermark cannot be read as a picture.");
  auto scaler = VF_TRY(Scaler::create({frame->width, frame->height, frame->format}, light_of(*frame, 0),
                                      {frame->width, frame->height, AV_PIX_FMT_RGBA}, AVCOL_SPC_BT709));
  auto pool = VF_TRY(FramePool::create(frame->width, frame->height, AV_PIX_FMT_RGBA));
  auto rgba = VF_TRY(pool.get());
  VF_CHECK(scaler.run(*frame, *rgba));
  RgbaImage image{frame->width, frame->height, {}};
  for (int y = 0; y < image.height; ++y) {
    const auto* row = rgba->data[0] + static_cast<std::ptrdiff_t>(y) * rgba->linesize[0];
    image.pixels.insert(image.pixels.end(), row, row + 4 * static_cast<std::ptrdiff_t>(image.width));
  }
  return image;
}

Stamp place(const RgbaImage& image, const Watermark& mark, PictureShape shape, const Light& light, int bits) {
  const int width = std::clamp(static_cast<int>(std::lround(mark.width * shape.width)), 1, shape.width);
  const int height = std::clamp(static_cast<int>(std::lround(static_cast<double>(width) * image.height / image.width)),
                                1, shape.height);
  const int margin = static_cast<int>(std::lround(mark.margin * std::min(shape.width, shape.height)));
  const bool left = mark.corner == Corner::top_left || mark.corner == Corner::bottom_left;
  const bool top = mark.corner == Corner::top_left || mark.corner == Corner::top_right;
  int x = left ? margin : shape.width - margin - width;
  int y = top ? margin : shape.height - margin - height;
  if (mark.corner == Corner::center) x = (shape.width - width) / 2, y = (shape.height - height) / 2;
  return make_stamp(resized(image, width, height), x, y, mark.opacity, light, bits);
}

// Shared by the steps of one chain: the subtitle stream is read once.
struct Subtitles {
  std::unique_ptr<SubtitleTrack> track;
  PictureClock clock;
  bool own_file = false;
  int fd = -1;
  int font_fd = -1;
  int stream_index = 0;

  double seconds(std::int64_t pts) const {
    return static_cast<double>(own_file ? pts - clock.origin_ticks : pts) * clock.time_base.value();
  }

  Result<void> follow(double now) {
    if (!track) track = VF_TRY(SubtitleTrack::open(fd, stream_index, font_fd, now, own_file));
    return track->advance(now);
  }
};

class DrawStep final : public Step {
 public:
  DrawStep(FramePool pool, PictureShape shape, const Light& light, std::optional<Stamp> mark,
           std::shared_ptr<Subtitles> subtitles)
      : pool_(std::move(pool)),
        shape_(shape),
        light_(light),
        mark_(std::move(mark)),
        subtitles_(std::move(subtitles)) {}

  Result<av::FramePtr> run(const AVFrame& from) override {
    av::FramePtr to;
    if (mark_) {
      to = VF_TRY(copy(from));
      draw(*mark_, *to);
    }
    if (subtitles_) VF_CHECK(draw_subtitles(from, to));
    if (!to) to = av::share(&from);
    if (!to) return fail(ErrorCode::no_memory, "There is not enough memory for another picture.");
    return to;
  }

 private:
  Result<av::FramePtr> copy(const AVFrame& from) {
    auto to = VF_TRY(pool_.get());
    av_frame_copy(to.get(), &from);
    to->pts = from.pts;
    return to;
  }

  Result<void> draw_subtitles(const AVFrame& from, av::FramePtr& to) {
    const double now = subtitles_->seconds(from.pts);
    VF_CHECK(subtitles_->follow(now));
    const int bits = from.format == AV_PIX_FMT_YUV420P ? 8 : 10;
    Result<void> outcome;
    const auto canvas = [&]() -> AVFrame* {
      if (!to) {
        auto copied = copy(from);
        if (copied)
          to = std::move(*copied);
        else
          outcome = std::unexpected(copied.error());
      }
      return to.get();
    };
    subtitles_->track->paint(now, shape_.width, shape_.height, light_, bits,
                             {[&](const Mask& mask, const Ink& ink) {
                                if (auto* c = canvas()) draw(mask, ink, *c);
                              },
                              [&](const RgbaImage& image, int x, int y) {
                                if (auto* c = canvas()) draw(make_stamp(image, x, y, 1, light_, bits), *c);
                              }});
    return outcome;
  }

  FramePool pool_;
  PictureShape shape_;
  Light light_;
  std::optional<Stamp> mark_;
  std::shared_ptr<Subtitles> subtitles_;
};

class SpecArtist final : public Artist {
 public:
  std::optional<Watermark> watermark;
  RgbaImage image;
  std::shared_ptr<Subtitles> subtitles;

  Result<StepPtr> make_step(PictureShape shape, const Light& light) const override {
    const int bits = shape.format == AV_PIX_FMT_YUV420P ? 8 : 10;
    std::optional<Stamp> mark;
    if (watermark) mark = place(image, *watermark, shape, light, bits);
    auto pool = VF_TRY(FramePool::create(shape.width, shape.height, shape.format));
    return StepPtr(std::make_unique<DrawStep>(std::move(pool), shape, light, std::move(mark), subtitles));
  }
};

}  // namespace

Result<std::unique_ptr<Artist>> make_artist(const PictureSpec& spec, const PictureClock& clock,
                                            const PictureResources& resources) {
  auto artist = std::make_unique<SpecArtist>();
  if (spec.watermark) {
    if (resources.watermark_fd < 0)
      return fail(ErrorCode::invalid_argument, "A watermark is asked for but its picture was not handed over.");
    artist->watermark = spec.watermark;
    artist->image = VF_TRY(load_image(resources.watermark_fd));
  }
  if (spec.burn) {
    if (resources.subtitle_fd < 0)
      return fail(ErrorCode::invalid_argument, "Subtitles are to be drawn but their file was not handed over.");
    artist->subtitles = std::make_shared<Subtitles>(Subtitles{
        nullptr, clock, spec.burn->own_file, resources.subtitle_fd, resources.font_fd, spec.burn->stream_index});
  }
  return std::unique_ptr<Artist>(std::move(artist));
}

}  // namespace vf::media
