#include "media/analysis/video_chunk.h"

#include <algorithm>

#include "base/fd.h"
#include "media/analysis/picture_meter.h"
#include "media/decode/video_reader.h"
#include "media/frames/jpeg.h"
#include "media/frames/small_picture.h"

namespace vf::media::analysis {
namespace {

constexpr int kTileQuantiser = 5;

// The small pictures of the time line.
class Tiles {
 public:
  Tiles(const VideoChunkSpec& spec, VideoChunkResult& result)
      : spec_(spec),
        result_(result),
        size_(frames::fit(spec.display, spec.tile)),
        maker_(spec.picture, spec.display, size_) {}

  // Takes the picture where one is wanted at its time or a little before. One that cannot be made small is left out.
  void look_at(const AVFrame& frame) {
    if (next_ >= spec_.tile_ticks.size() || frame.pts < spec_.tile_ticks[next_]) return;
    while (next_ < spec_.tile_ticks.size() && spec_.tile_ticks[next_] <= frame.pts) ++next_;
    auto tile = maker_.make(&frame);
    if (!tile) return;
    tiles_.push_back(std::move(*tile));
    result_.tile_ticks.push_back(frame.pts);
  }

  Result<void> write(int fd) {
    result_.tile = size_;
    if (tiles_.empty()) return {};
    frames::RgbPicture sheet(size_.width * static_cast<int>(tiles_.size()), size_.height);
    for (std::size_t i = 0; i < tiles_.size(); ++i)
      frames::place(sheet, tiles_[i], static_cast<int>(i) * size_.width, 0);
    return write_all(fd, VF_TRY(frames::encode_jpeg(sheet, kTileQuantiser)));
  }

 private:
  const VideoChunkSpec& spec_;
  VideoChunkResult& result_;
  Size size_;
  frames::SmallPictures maker_;
  std::size_t next_ = 0;
  std::vector<frames::RgbPicture> tiles_;
};

// Nothing of the file's fault ends an analysis; the machine's and ours do.
bool is_input_fault(ErrorCode code) {
  return code == ErrorCode::invalid_input || code == ErrorCode::unsupported_input || code == ErrorCode::not_found;
}

std::int64_t lost(const VideoReader& reader) {
  const auto& stats = reader.stats();
  return stats.decode_errors + stats.damaged_packets;
}

class Chunk {
 public:
  Chunk(const VideoChunkSpec& spec, const std::function<void(double)>& progress)
      : spec_(spec),
        progress_(progress),
        meter_({spec.black_threshold, spec.freeze_noise, spec.crop_threshold}),
        tiles_(spec, result_) {}

  Result<void> read(VideoReader& reader) {
    while (const auto* frame = VF_TRY(reader.next())) {
      const auto lost_before = std::exchange(lost_, lost(reader));
      if (spec_.start_ticks && frame->pts < *spec_.start_ticks) continue;
      if (seen_boundary_) {
        VF_CHECK(meter_.add_last(*frame));
        break;
      }
      seen_boundary_ = spec_.end_ticks && frame->pts >= *spec_.end_ticks;
      VF_CHECK(meter_.add(*frame, seen_boundary_));
      // On the way to the first picture of a chunk errors are those of the chunk before.
      if (!seen_boundary_ && (result_.frames > 0 || !spec_.start_ticks))
        meter_.last().errors = static_cast<std::uint32_t>(lost_ - lost_before);
      if (seen_boundary_) continue;
      ++result_.frames;
      tiles_.look_at(*frame);
      tell(frame->pts);
    }
    if (!spec_.end_ticks) result_.errors_at_end = lost(reader) - lost_;
    result_.duplicate_times = reader.stats().duplicates;
    return {};
  }

  Result<VideoChunkResult> write(int records_fd, int tiles_fd) {
    VF_CHECK(write_records(records_fd, meter_.take()));
    VF_CHECK(tiles_.write(tiles_fd));
    return std::move(result_);
  }

  VideoChunkResult& result() { return result_; }

 private:
  void tell(std::int64_t pts) const {
    if (!progress_ || !spec_.start_ticks || !spec_.end_ticks || *spec_.end_ticks <= *spec_.start_ticks) return;
    progress_(static_cast<double>(pts - *spec_.start_ticks) /
              static_cast<double>(*spec_.end_ticks - *spec_.start_ticks));
  }

  const VideoChunkSpec& spec_;
  const std::function<void(double)>& progress_;
  VideoChunkResult result_;
  PictureMeter meter_;
  Tiles tiles_;
  bool seen_boundary_ = false;
  std::int64_t lost_ = 0;
};

}  // namespace

Result<VideoChunkResult> measure_video_chunk(int fd, const VideoChunkSpec& spec, int records_fd, int tiles_fd,
                                             const std::function<void(double)>& progress) {
  VideoReaderOptions options;
  options.start_ticks = spec.start_ticks;
  if (spec.end_ticks) {
    options.end_ticks = spec.after_end_ticks;
    options.neighbours = true;
  }
  Chunk chunk(spec, progress);
  auto reader = VideoReader::create(fd, spec.stream_index, options);
  auto read = reader ? chunk.read(*reader) : std::unexpected(reader.error());
  if (!read) {
    if (!is_input_fault(read.error().code)) return std::unexpected(std::move(read).error());
    chunk.result().failure = read.error().message;
  }
  return chunk.write(records_fd, tiles_fd);
}

}  // namespace vf::media::analysis
