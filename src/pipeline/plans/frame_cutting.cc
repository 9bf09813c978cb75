#include "pipeline/plans/frame_cutting.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vf::pipeline {
namespace {

// About as many stages as keep all processors of a large machine busy to the end, and no more: each
// opens the source anew.
constexpr std::int64_t kManyStages = 400;
// A stage costs some 50 ms before its first picture: with fewer than these it costs more than its work.
constexpr std::int64_t kLeastInOrder = 40;
constexpr std::int64_t kLeastScattered = 4;
constexpr std::int64_t kMostFrames = 2000;  // in a stage, where key frames allow it
// A group of pictures longer than a stage is cut inside, and its beginning decoded again for each part;
// in at most so many parts, so that this at most doubles the work.
constexpr std::int64_t kPartsOfGroup = 3;
constexpr std::int64_t kMostInGroup = 20'000;
// Frames between two wanted ones that are rather decoded than sought over.
constexpr std::int64_t kRatherDecode = 6;

// Containers that can be entered in the middle; the others are read from their beginning each time.
constexpr std::array<std::string_view, 6> kSeekable{"mp4", "mov", "matroska", "webm", "mpegts", "flv"};

class Cutter {
 public:
  Cutter(const Inspection& source, const std::vector<std::int64_t>& wanted) : index_(source.index), wanted_(wanted) {
    seekable_ = std::ranges::find(kSeekable, source.info.container) != kSeekable.end();
    for (const auto key : index_.key_ticks) {
      const auto found = std::ranges::lower_bound(index_.frame_ticks, key);
      if (found != index_.frame_ticks.end() && *found == key) keys_.push_back(found - index_.frame_ticks.begin());
    }
  }

  std::vector<media::stills::FrameList> run() {
    const auto count = static_cast<std::int64_t>(wanted_.size());
    const bool in_order = count > 0 && (wanted_.back() - wanted_.front() + 1) <= kRatherDecode * count;
    const auto least = in_order ? kLeastInOrder : kLeastScattered;
    const auto usual = std::clamp(count / kManyStages, least, kMostFrames);
    for (std::int64_t at = 0; at < count;) {
      const auto end = group_end(at);
      if (out_.empty() || size_of(out_.back()) >= usual) out_.emplace_back();
      add_group(at, end, usual);
      at = end;
    }
    return std::move(out_);
  }

  media::stills::FrameList one() {
    out_.emplace_back();
    for (const auto frame : wanted_) add(frame);
    return std::move(out_.front());
  }

 private:
  static std::int64_t size_of(const media::stills::FrameList& list) {
    return static_cast<std::int64_t>(list.index.size());
  }

  // Number of the last key frame at or before a frame; 0 before the first.
  std::int64_t group_of(std::int64_t frame) const { return std::ranges::upper_bound(keys_, frame) - keys_.begin(); }

  // The first wanted one of a later group of pictures.
  std::int64_t group_end(std::int64_t at) const {
    const auto group = group_of(wanted_[static_cast<std::size_t>(at)]);
    if (group == static_cast<std::int64_t>(keys_.size())) return static_cast<std::int64_t>(wanted_.size());
    const auto next = keys_[static_cast<std::size_t>(group)];
    return std::ranges::lower_bound(wanted_, next) - wanted_.begin();
  }

  void add_group(std::int64_t at, std::int64_t end, std::int64_t usual) {
    auto part = std::max(2 * usual, (end - at + kPartsOfGroup - 1) / kPartsOfGroup);
    part = std::min(part, kMostInGroup);
    if (end - at <= 3 * usual) part = end - at;
    for (std::int64_t i = at; i < end; ++i) {
      if (i > at && (i - at) % part == 0) out_.emplace_back();
      add(wanted_[static_cast<std::size_t>(i)]);
    }
  }

  void add(std::int64_t frame) {
    auto& list = out_.back();
    const bool near = !list.index.empty() && frame - list.index.back() <= kRatherDecode;
    const bool same_group = !list.index.empty() && group_of(frame) == group_of(list.index.back());
    if (list.index.empty() || (seekable_ && !near && !same_group)) list.runs.push_back(size_of(list));
    if (std::ranges::binary_search(keys_, frame)) list.keys.push_back(frame);
    list.index.push_back(frame);
    list.ticks.push_back(index_.frame_ticks[static_cast<std::size_t>(frame)]);
  }

  const media::VideoIndex& index_;
  const std::vector<std::int64_t>& wanted_;
  std::vector<std::int64_t> keys_;  // positions of key frames
  bool seekable_ = false;
  std::vector<media::stills::FrameList> out_;
};

}  // namespace

std::vector<media::stills::FrameList> cut_frames(const Inspection& source, const std::vector<std::int64_t>& wanted) {
  return Cutter(source, wanted).run();
}

media::stills::FrameList list_frames(const Inspection& source, const std::vector<std::int64_t>& wanted) {
  return Cutter(source, wanted).one();
}

}  // namespace vf::pipeline
