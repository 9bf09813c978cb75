#include "media/frames/storyboard.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/decode/video_reader.h"
#include "media/frames/key_frames.h"
#include "media/frames/small_picture.h"

namespace vf::media::frames {
namespace {

constexpr int kQuantiser = 4;

struct Span {
  std::int64_t begin = 0;  // ticks
  std::int64_t end = 0;
};

Span span_of(const StoryboardSpec& spec, const VideoIndex& index) {
  const auto tb = index.time_base.value();
  const auto begin = static_cast<std::int64_t>(std::llround(spec.start_seconds / tb));
  const auto end = spec.duration_seconds > 0
                       ? begin + static_cast<std::int64_t>(std::llround(spec.duration_seconds / tb))
                       : index.end_ticks;
  return {std::max(begin, index.first_ticks), std::max(std::min(end, index.end_ticks), begin + 1)};
}

std::string timestamp(double seconds) {
  const auto ms = std::llround(std::max(0.0, seconds) * 1000);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

// One worker: an even share of the tiles, in ascending order, with a demuxer and decoder of its own.
Result<void> decode_share(int fd, const StoryboardSpec& spec, Size display, Size tile,
                          const std::vector<std::int64_t>& times, std::size_t first, std::size_t last,
                          std::vector<std::optional<RgbPicture>>& pictures) {
  KeyFrameOptions options;
  options.rough = true;
  options.smallest_width = std::max(tile.width, tile.height);
  auto reader = VF_TRY(KeyFrameReader::create(fd, spec.stream_index, options));
  SmallPictures small(spec.picture, display, tile);
  for (auto i = first; i < last; ++i) {
    const auto frames = VF_TRY(reader.at(times[i]));
    if (!frames.empty()) pictures[i] = VF_TRY(small.make(frames.front()));
  }
  return {};
}

Result<std::vector<std::optional<RgbPicture>>> decode_tiles(int fd, const StoryboardSpec& spec, Size display, Size tile,
                                                            const std::vector<std::int64_t>& times) {
  std::vector<std::optional<RgbPicture>> pictures(times.size());
  const auto workers =
      static_cast<std::size_t>(std::clamp<int>(spec.workers, 1, std::max<int>(1, static_cast<int>(times.size()) / 4)));
  std::vector<Result<void>> results(workers);
  {
    std::vector<std::jthread> threads;
    const auto share = [&](std::size_t w) {
      results[w] = decode_share(fd, spec, display, tile, times, times.size() * w / workers,
                                times.size() * (w + 1) / workers, pictures);
    };
    for (std::size_t w = 1; w < workers; ++w) threads.emplace_back(share, w);
    share(0);
  }
  for (auto& result : results) VF_CHECK(std::move(result));
  return pictures;
}

// Where no key frame stands alone (it lies before the edit list's start, or the container seeks
// badly): the first picture that is shown.
Result<std::optional<RgbPicture>> decode_first(int fd, const StoryboardSpec& spec, Size display, Size tile,
                                               std::int64_t begin) {
  VideoReaderOptions options;
  options.start_ticks = begin;
  auto reader = VF_TRY(VideoReader::create(fd, spec.stream_index, options));
  const auto* frame = VF_TRY(reader.next());
  if (!frame) return std::nullopt;
  SmallPictures small(spec.picture, display, tile);
  return VF_TRY(small.make(frame));
}

std::string write_vtt(const StoryboardSpec& spec, const Storyboard& board, const std::vector<double>& starts,
                      double end) {
  std::string out = "WEBVTT\n\n";
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const int column = static_cast<int>(i) % board.columns;
    const int row = static_cast<int>(i) / board.columns;
    out += fmt::format("{} --> {}\n{}#xywh={},{},{},{}\n\n", timestamp(i == 0 ? 0 : starts[i]),
                       timestamp(i + 1 < starts.size() ? starts[i + 1] : end), spec.image_name,
                       column * board.tile_width, row * board.tile_height, board.tile_width, board.tile_height);
  }
  return out;
}

}  // namespace

std::vector<std::int64_t> choose_tiles(const StoryboardSpec& spec, const VideoIndex& index) {
  const auto span = span_of(spec, index);
  std::vector<std::int64_t> keys;
  for (const auto key : index.key_ticks)
    if (key < span.end && (key >= span.begin || keys.empty())) {
      // A clip may begin between key frames: the one before stands for its beginning.
      if (key < span.begin) {
        keys.assign(1, key);
        continue;
      }
      keys.push_back(key);
    }
  if (keys.size() > 1 && keys[0] < span.begin && keys[1] == span.begin) keys.erase(keys.begin());
  const double seconds = static_cast<double>(span.end - span.begin) * index.time_base.value();
  const auto wanted = std::clamp(static_cast<int>(std::ceil(seconds / std::max(0.01, spec.min_interval_seconds))), 1,
                                 std::max(1, spec.max_tiles));
  std::vector<std::int64_t> out;
  for (int i = 0; i < wanted && !keys.empty(); ++i) {
    const auto target = span.begin + (span.end - span.begin) * i / wanted;
    auto at = std::ranges::lower_bound(keys, target);
    if (at == keys.end() || (at != keys.begin() && target - *(at - 1) <= *at - target)) --at;
    if (out.empty() || *at > out.back()) out.push_back(*at);
  }
  return out;
}

Result<Storyboard> make_storyboard(int fd, const StoryboardSpec& spec, const VideoIndex& index, int jpeg_fd,
                                   int vtt_fd) {
  if (spec.display_width <= 0 || spec.display_height <= 0 || spec.columns <= 0 || spec.tile_width < 16)
    return fail(ErrorCode::invalid_argument,
                "A storyboard needs a source size, columns and a tile width of 16 or more.");
  const Size display{spec.display_width, spec.display_height};
  const Size shown = spec.picture.crop ? Size{spec.picture.crop->width, spec.picture.crop->height} : display;
  const auto tile = fit(shown, {spec.tile_width, spec.tile_width});
  const auto span = span_of(spec, index);
  auto times = choose_tiles(spec, index);
  auto pictures = VF_TRY(decode_tiles(fd, spec, display, tile, times));
  if (std::ranges::none_of(pictures, [](const auto& p) { return p.has_value(); })) {
    times.assign(1, span.begin);
    pictures.assign(1, VF_TRY(decode_first(fd, spec, display, tile, span.begin)));
  }

  // A key frame that does not decode leaves its time to the tile before it.
  std::vector<const RgbPicture*> tiles;
  std::vector<double> starts;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (!pictures[i]) continue;
    tiles.push_back(&*pictures[i]);
    starts.push_back(static_cast<double>(times[i]) * index.time_base.value() - spec.start_seconds);
  }
  if (tiles.empty())
    return fail(ErrorCode::invalid_input, "Not one picture of the video could be decoded; the file is damaged.");

  Storyboard board;
  board.tiles = static_cast<int>(tiles.size());
  board.columns = std::min(spec.columns, board.tiles);
  board.rows = (board.tiles + board.columns - 1) / board.columns;
  board.tile_width = tile.width;
  board.tile_height = tile.height;
  RgbPicture sheet(board.columns * tile.width, board.rows * tile.height);
  for (int i = 0; i < board.tiles; ++i)
    place(sheet, *tiles[static_cast<std::size_t>(i)], i % board.columns * tile.width, i / board.columns * tile.height);
  const auto jpeg = VF_TRY(encode_jpeg(sheet, kQuantiser));
  VF_CHECK(write_all(jpeg_fd, jpeg));

  const double end = static_cast<double>(span.end) * index.time_base.value() - spec.start_seconds;
  board.interval_seconds = end / board.tiles;
  board.starts = starts;
  board.end_seconds = end;
  VF_CHECK(write_all(vtt_fd, write_vtt(spec, board, starts, end)));
  return board;
}

}  // namespace vf::media::frames
