#include "media/verify/file.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/decode/video_reader.h"
#include "media/verify/ssim.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace vf::media::verify {
namespace {

constexpr std::size_t kBefore = 4;  // pictures looked at in front of a seam, and behind it
constexpr std::size_t kBehind = 12;
constexpr double kTimeTolerance = 0.0015;  // containers that count milliseconds round by half of one, twice
constexpr double kEdgeSsim = 0.9;          // of an edge, which is encoded at high quality

// Pictures [first, last) of the file, by number.
struct Window {
  std::size_t first = 0;
  std::size_t last = 0;
};

bool same_samples(const AVFrame& a, const AVFrame& b) {
  if (a.width != b.width || a.height != b.height || a.format != b.format) return false;
  const auto* pixels = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(a.format));
  for (int plane = 0; pixels && plane < 4 && a.data[plane]; ++plane) {
    const bool chroma = plane == 1 || plane == 2;
    const int lines = chroma ? AV_CEIL_RSHIFT(a.height, pixels->log2_chroma_h) : a.height;
    const int width = chroma ? AV_CEIL_RSHIFT(a.width, pixels->log2_chroma_w) : a.width;
    const auto bytes = static_cast<std::size_t>(width) * (pixels->comp[0].depth > 8 ? 2 : 1);
    for (int y = 0; y < lines; ++y)
      if (std::memcmp(a.data[plane] + y * a.linesize[plane], b.data[plane] + y * b.linesize[plane], bytes) != 0)
        return false;
  }
  return true;
}

class Verifier {
 public:
  Verifier(const FileSpec& spec, const VideoIndex& index, int source_fd, int file_fd)
      : spec_(spec), source_fd_(source_fd), file_fd_(file_fd) {
    expected_.assign(std::ranges::lower_bound(index.frame_ticks, spec.origin),
                     std::ranges::lower_bound(index.frame_ticks, spec.end));
  }

  Result<FileProof> run(const std::function<void(double)>& progress);

 private:
  Result<void> read_times();
  void check_times();
  std::vector<Window> windows() const;
  Result<void> look(const Window& window);
  void compare(const AVFrame& made, const AVFrame& source, std::int64_t ticks);
  void accuse(std::string sentence) { proof_.failures.push_back(std::move(sentence)); }
  double film_seconds(std::int64_t ticks) const {
    return static_cast<double>(ticks - spec_.origin) * spec_.time_base.value() / spec_.speed.value();
  }

  const FileSpec& spec_;
  int source_fd_;
  int file_fd_;
  std::vector<std::int64_t> expected_;  // ticks of the source
  std::vector<std::int64_t> times_;     // of the file, ascending
  Rational base_;
  int stream_ = -1;
  FileProof proof_;
};

Result<void> Verifier::read_times() {
  auto input = VF_TRY(av::Input::open(file_fd_));
  const auto* format = input.get();
  for (unsigned i = 0; i < format->nb_streams && stream_ < 0; ++i)
    if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) stream_ = static_cast<int>(i);
  const auto packet = av::make_packet();
  std::int64_t packets = 0;
  std::int64_t last_duration = 0;
  while (VF_TRY(input.read(packet.get()))) {
    ++packets;
    if (packet->stream_index == stream_ && packet->pts != AV_NOPTS_VALUE && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
      times_.push_back(packet->pts);
      last_duration = packet->duration;
    }
    av_packet_unref(packet.get());
  }
  if (packets == 0) accuse("The file holds nothing.");
  if (input.damaged() > 0) accuse(fmt::format("{} packets of the file cannot be read.", input.damaged()));
  std::ranges::sort(times_);
  if (stream_ < 0) return {};
  base_ = {format->streams[stream_]->time_base.num, format->streams[stream_]->time_base.den};
  proof_.frames = static_cast<std::int64_t>(times_.size());
  if (times_.empty()) return {};
  proof_.first_seconds = static_cast<double>(times_.front()) * base_.value();
  proof_.duration_seconds = static_cast<double>(times_.back() + last_duration - times_.front()) * base_.value();
  return {};
}

void Verifier::check_times() {
  if (times_.empty()) return accuse("The file holds no picture.");
  for (std::size_t i = 1; i < times_.size(); ++i)
    if (times_[i] <= times_[i - 1])
      return accuse(fmt::format("Two pictures of the file have the same time, {:.3f} s.",
                                static_cast<double>(times_[i]) * base_.value()));
  if (!spec_.every_frame) return;
  if (times_.size() != expected_.size())
    return accuse(fmt::format("The file holds {} pictures instead of {}.", times_.size(), expected_.size()));
  for (std::size_t i = 0; i < times_.size(); ++i) {
    const double made = static_cast<double>(times_[i] - times_.front()) * base_.value();
    const double wanted = film_seconds(expected_[i]) - film_seconds(expected_.front());
    if (std::abs(made - wanted) > kTimeTolerance + base_.value())
      return accuse(fmt::format("Picture {} of the file is shown at {:.4f} s instead of {:.4f} s.", i, made, wanted));
  }
}

// The beginning, every seam and the end; windows that touch become one.
std::vector<Window> Verifier::windows() const {
  const auto count = times_.size();
  std::vector<Window> out{{0, std::min(count, kBehind)}};
  const auto add = [&](std::size_t first, std::size_t last) {
    last = std::min(last, count);
    if (first <= out.back().last)
      out.back().last = std::max(out.back().last, last);
    else
      out.push_back({first, last});
  };
  for (std::size_t i = 1; spec_.every_frame && i < spec_.stretches.size(); ++i) {
    const auto at =
        static_cast<std::size_t>(std::ranges::lower_bound(expected_, spec_.stretches[i].from) - expected_.begin());
    add(at > kBefore ? at - kBefore : 0, at + kBehind);
  }
  add(count > kBehind ? count - kBehind : 0, count);
  return out;
}

void Verifier::compare(const AVFrame& made, const AVFrame& source, std::int64_t ticks) {
  ++proof_.compared;
  if (same_samples(made, source)) {
    ++proof_.identical;
    return;
  }
  const auto stretch = std::ranges::find_if(
      spec_.stretches, [&](const Stretch& s) { return ticks >= s.from && (s.to == INT64_MAX || ticks < s.to); });
  if (stretch != spec_.stretches.end() && stretch->copied)
    return accuse(
        fmt::format("The picture at {:.3f} s was copied and is another one than the source's.", film_seconds(ticks)));
  const double ssim = compare_luma(made, source).ssim;
  proof_.ssim_min = std::min(proof_.ssim_min, ssim);
  if (ssim < kEdgeSsim)
    accuse(fmt::format("The picture at {:.3f} s does not look like the source's (SSIM {:.3f}).", film_seconds(ticks),
                       ssim));
}

Result<void> Verifier::look(const Window& window) {
  const auto end_of = [&](const std::vector<std::int64_t>& times) {
    return window.last < times.size() ? std::optional(times[window.last]) : std::nullopt;
  };
  auto made = VF_TRY(
      VideoReader::create(file_fd_, stream_, {.start_ticks = times_[window.first], .end_ticks = end_of(times_)}));
  std::optional<VideoReader> source;
  if (spec_.compare == Compare::samples)
    source = VF_TRY(VideoReader::create(source_fd_, spec_.stream_index,
                                        {.start_ticks = expected_[window.first], .end_ticks = end_of(expected_)}));
  std::size_t seen = 0;
  std::size_t seen_in_source = 0;
  while (auto* frame = VF_TRY(made.next())) {
    const auto* wanted = source ? VF_TRY(source->next()) : nullptr;
    seen_in_source += wanted ? 1 : 0;
    if (wanted && window.first + seen < expected_.size()) compare(*frame, *wanted, expected_[window.first + seen]);
    ++seen;
  }
  const auto& stats = made.stats();
  // What the film itself does not show cannot be asked of a copy.
  while (source && VF_TRY(source->next())) ++seen_in_source;
  const bool damaged_source = source && (source->stats().decode_errors > 0 || source->stats().corrupt_frames > 0);
  const bool short_source = source && seen_in_source < window.last - window.first && seen >= seen_in_source;
  if (damaged_source || short_source) return {};
  if (seen != window.last - window.first)
    accuse(fmt::format("{} of {} pictures from {:.3f} s on decode.", seen, window.last - window.first,
                       static_cast<double>(times_[window.first] - times_.front()) * base_.value()));
  if (stats.decode_errors > 0 || stats.corrupt_frames > 0)
    accuse(fmt::format("Decoding from {:.3f} s on meets {} faults.",
                       static_cast<double>(times_[window.first] - times_.front()) * base_.value(),
                       stats.decode_errors + stats.corrupt_frames));
  return {};
}

Result<FileProof> Verifier::run(const std::function<void(double)>& progress) {
  VF_CHECK(read_times());
  if (spec_.stream_index < 0) return proof_;
  check_times();
  if (!proof_.failures.empty()) return proof_;
  const auto all = windows();
  for (std::size_t i = 0; i < all.size() && proof_.failures.empty(); ++i) {
    VF_CHECK(look(all[i]));
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(all.size()));
  }
  return proof_;
}

}  // namespace

Result<FileProof> verify_file(const FileSpec& spec, const VideoIndex& index, int source_fd, int file_fd,
                              const std::function<void(double)>& progress) {
  return Verifier(spec, index, source_fd, file_fd).run(progress);
}

}  // namespace vf::media::verify
