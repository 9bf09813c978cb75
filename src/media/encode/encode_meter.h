// How far a chunk's encoders are, together. Pictures inside an encoder's look-ahead are not done yet.
// Internal to encode. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "media/encode/video_chunk.h"

namespace vf::media {

class EncodeMeter {
 public:
  // `span` is the chunk's length in ticks of the tracks. A rung counts by its pixels.
  EncodeMeter(const ChunkSpec& spec, std::int64_t span, EncodeProgress progress)
      : span_(static_cast<double>(std::max<std::int64_t>(1, span))), progress_(std::move(progress)) {
    for (const auto& rung : spec.rungs) {
      weights_.push_back(static_cast<double>(rung.target.width) * rung.target.height);
      whole_ += weights_.back();
    }
    reached_.resize(weights_.size());
  }

  // A rung's encoder is done with pictures that last `ticks` in all.
  void report(std::size_t rung, std::int64_t ticks) {
    if (!progress_ || whole_ <= 0) return;
    const std::scoped_lock lock(mutex_);
    if (ticks <= reached_[rung]) return;
    done_ += weights_[rung] * static_cast<double>(ticks - reached_[rung]);
    reached_[rung] = ticks;
    progress_(std::clamp(done_ / whole_ / span_, 0.0, 1.0));
  }

 private:
  double span_;
  EncodeProgress progress_;
  std::mutex mutex_;
  std::vector<double> weights_;
  std::vector<std::int64_t> reached_;
  double whole_ = 0;
  double done_ = 0;
};

}  // namespace vf::media
