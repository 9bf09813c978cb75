#include "media/frames/poster.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/fd.h"
#include "media/decode/video_reader.h"
#include "media/frames/key_frames.h"
#include "media/frames/small_picture.h"

namespace vf::media::frames {
namespace {

constexpr int kQuantiser = 3;
constexpr int kCandidates = 12;
constexpr int kFollowing = 4;  // pictures after a key frame that show whether it stands still
constexpr Size kScoreBox{192, 192};

using Gray = std::vector<float>;

Gray luma(const RgbPicture& p) {
  Gray out(p.bytes.size() / 3);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = 0.2126F * p.bytes[3 * i] + 0.7152F * p.bytes[3 * i + 1] + 0.0722F * p.bytes[3 * i + 2];
  return out;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments(const Gray& gray) {
  double sum = 0;
  double squares = 0;
  for (const float v : gray) sum += v, squares += static_cast<double>(v) * v;
  const auto n = static_cast<double>(std::max<std::size_t>(1, gray.size()));
  return {sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)))};
}

// Mean strength of the Laplacian: fine detail.
double sharpness(const Gray& gray, int width, int height) {
  double sum = 0;
  for (int y = 1; y + 1 < height; ++y)
    for (int x = 1; x + 1 < width; ++x) {
      const auto i = static_cast<std::size_t>(y * width + x);
      sum += std::abs(4 * gray[i] - gray[i - 1] - gray[i + 1] - gray[i - static_cast<std::size_t>(width)] -
                      gray[i + static_cast<std::size_t>(width)]);
    }
  return sum / std::max(1, (width - 2) * (height - 2));
}

double difference(const Gray& a, const Gray& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(std::max<std::size_t>(1, a.size()));
}

// Higher is better. Flat and dark pictures score near nothing.
double score(const RgbPicture& picture, const RgbPicture& later) {
  const auto gray = luma(picture);
  const auto m = moments(gray);
  const double exposure = std::clamp((m.mean - 12) / 60, 0.0, 1.0) * std::clamp((250 - m.mean) / 50, 0.0, 1.0);
  const double contrast = std::min(1.0, m.deviation / 50);
  const double detail = std::min(1.0, sharpness(gray, picture.width, picture.height) / 24);
  const double stillness = 1 / (1 + difference(gray, luma(later)) / 12);
  return exposure * contrast * (0.15 + detail) * stillness + 1e-6 * m.mean + 1e-6 * m.deviation;
}

std::vector<std::int64_t> candidates(const PosterSpec& spec, const VideoIndex& index) {
  const double tb = index.time_base.value();
  const auto begin = std::max(index.first_ticks, static_cast<std::int64_t>(std::llround(spec.start_seconds / tb)));
  const auto end =
      spec.duration_seconds > 0
          ? std::min(index.end_ticks, begin + static_cast<std::int64_t>(std::llround(spec.duration_seconds / tb)))
          : index.end_ticks;
  std::vector<std::int64_t> inside;
  for (const auto key : index.key_ticks)
    if (key >= begin && key < end) inside.push_back(key);
  std::vector<std::int64_t> out;
  for (int i = 0; i < kCandidates && !inside.empty(); ++i) {
    const auto key = inside[inside.size() * static_cast<std::size_t>(i) / kCandidates];
    if (out.empty() || out.back() != key) out.push_back(key);
  }
  return out;
}

Result<std::optional<std::int64_t>> best_key_frame(int fd, const PosterSpec& spec, const VideoIndex& index,
                                                   Size display, Size shown) {
  KeyFrameOptions options;
  options.rough = true;
  options.following = kFollowing;
  auto reader = VF_TRY(KeyFrameReader::create(fd, spec.stream_index, options));
  SmallPictures small(spec.picture, display, fit(shown, kScoreBox));
  std::optional<std::int64_t> best;
  double best_score = -1;
  for (const auto key : candidates(spec, index)) {
    const auto frames = VF_TRY(reader.at(key));
    if (frames.empty()) continue;
    const auto first = VF_TRY(small.make(frames.front()));
    const auto last = VF_TRY(small.make(frames.back()));
    if (const double s = score(first, last); s > best_score) {
      best = key;
      best_score = s;
    }
  }
  return best;
}

// The picture on show at this time: the last one that began at or before it.
std::int64_t shown_at(const VideoIndex& index, std::int64_t ticks) {
  const auto next = std::ranges::upper_bound(index.frame_ticks, ticks);
  if (next != index.frame_ticks.begin()) return *(next - 1);
  return index.frame_ticks.empty() ? ticks : index.frame_ticks.front();
}

}  // namespace

Result<Poster> make_poster(int fd, const PosterSpec& spec, const VideoIndex& index, int jpeg_fd) {
  if (spec.display_width <= 0 || spec.display_height <= 0)
    return fail(ErrorCode::invalid_argument, "A poster needs the source's size.");
  const Size display{spec.display_width, spec.display_height};
  const Size shown = spec.picture.crop ? Size{spec.picture.crop->width, spec.picture.crop->height} : display;
  const auto size = fit(shown, {spec.max_width, spec.max_height});
  const double tb = index.time_base.value();

  std::optional<std::int64_t> at;
  if (spec.at_seconds)
    at = shown_at(index, static_cast<std::int64_t>(std::llround((spec.start_seconds + *spec.at_seconds) / tb)));
  else
    at = VF_TRY(best_key_frame(fd, spec, index, display, shown));

  VideoReaderOptions options;
  options.start_ticks = at;
  auto reader = VF_TRY(VideoReader::create(fd, spec.stream_index, options));
  auto* frame = VF_TRY(reader.next());
  if (!frame)
    return fail(ErrorCode::invalid_input, "Not one picture of the video could be decoded; the file is damaged.");

  const std::array targets{Target{"poster", size.width, size.height}};
  auto chain = VF_TRY(PictureChain::create(
      spec.picture, {index.time_base, static_cast<std::int64_t>(std::llround(spec.start_seconds / tb))}, targets));
  const double seconds = static_cast<double>(frame->pts) * tb - spec.start_seconds;
  VF_CHECK(chain.push(frame));
  VF_CHECK(chain.push(nullptr));
  if (!VF_TRY(chain.pull())) return fail(ErrorCode::internal, "The poster did not come out.");
  const auto picture = VF_TRY(to_rgb(chain.picture(0)));
  const auto jpeg = VF_TRY(encode_jpeg(picture, kQuantiser));
  VF_CHECK(write_all(jpeg_fd, jpeg));
  return Poster{size.width, size.height, seconds};
}

}  // namespace vf::media::frames
