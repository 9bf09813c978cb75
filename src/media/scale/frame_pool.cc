#include "media/scale/frame_pool.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace vf::media {
namespace {

constexpr int kAlignment = 64;
// Vector code reads and writes a little past the last sample of a plane.
constexpr int kPadding = 256;

std::unexpected<Error> no_memory() {
  return fail(ErrorCode::no_memory, "There is not enough memory for pictures of this size.");
}

}  // namespace

Result<FramePool> FramePool::create(int width, int height, int format) {
  FramePool pool;
  pool.width_ = width;
  pool.height_ = height;
  pool.format_ = format;
  const auto pixel_format = static_cast<AVPixelFormat>(format);
  // Strides for a width of whole alignment units make every row of every plane aligned.
  const int aligned_width = (width + 2 * kAlignment - 1) / (2 * kAlignment) * (2 * kAlignment);
  if (av_image_fill_linesizes(pool.linesize_, pixel_format, aligned_width) < 0)
    return fail(ErrorCode::internal, "A picture of this format cannot be made.");
  std::uint8_t* planes[4] = {};
  const int size = av_image_fill_pointers(planes, pixel_format, height, nullptr, pool.linesize_);
  if (size < 0) return fail(ErrorCode::limit_exceeded, "The pictures are too large.");
  pool.pool_.reset(av_buffer_pool_init(static_cast<std::size_t>(size) + kPadding, nullptr));
  if (!pool.pool_) return no_memory();
  return pool;
}

Result<av::FramePtr> FramePool::get() {
  auto frame = av::make_frame();
  if (!frame) return no_memory();
  frame->buf[0] = av_buffer_pool_get(pool_.get());
  if (!frame->buf[0]) return no_memory();
  frame->width = width_;
  frame->height = height_;
  frame->format = format_;
  for (int i = 0; i < 4; ++i) frame->linesize[i] = linesize_[i];
  av_image_fill_pointers(frame->data, static_cast<AVPixelFormat>(format_), height_, frame->buf[0]->data, linesize_);
  frame->extended_data = frame->data;
  return frame;
}

}  // namespace vf::media
