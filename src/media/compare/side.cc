#include "media/compare/side.h"

#include <array>

#include "media/av/ptr.h"

namespace vf::media::compare {

Result<Side> Side::open(int fd, const SideSpec& spec, const std::optional<Target>& target) {
  if (spec.ticks.empty()) return fail(ErrorCode::invalid_argument, "There is no picture to compare.");
  VideoReaderOptions options;
  options.start_ticks = spec.ticks.front();
  options.end_ticks = spec.ticks.back() + 1;
  // A deinterlacer looks at every picture and at its neighbours.
  if (target && spec.picture.deinterlace != Deinterlace::off)
    options.neighbours = true;
  else
    options.only = spec.ticks;
  auto reader = VF_TRY(VideoReader::create(fd, spec.stream_index, options));
  std::optional<PictureChain> chain;
  if (target) {
    const std::array targets{*target};
    chain = VF_TRY(PictureChain::create(spec.picture, {spec.time_base, 0}, targets));
  }
  return Side(std::move(reader), std::move(chain));
}

Result<const AVFrame*> Side::next() {
  if (!chain_) return VF_TRY(reader_.next());
  while (!VF_TRY(chain_->pull())) {
    if (drained_) return nullptr;
    const auto* frame = VF_TRY(reader_.next());
    VF_CHECK(chain_->push(frame));
    drained_ = frame == nullptr;
  }
  return chain_->picture(0);
}

Result<const AVFrame*> Side::at(std::int64_t ticks) {
  while (!ended_ && (!here_ || here_->pts < ticks)) {
    here_ = VF_TRY(next());
    ended_ = here_ == nullptr;
  }
  return !ended_ && here_->pts == ticks ? here_ : nullptr;
}

}  // namespace vf::media::compare
