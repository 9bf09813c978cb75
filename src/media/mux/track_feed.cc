// A track of our own (header and chunks) as packets.
#include "media/mux/feed.h"

namespace vf::media::mux {
namespace {

class TrackFeed : public Feed {
 public:
  explicit TrackFeed(av::Input input) : input_(std::move(input)) {}

  Result<void> open() {
    auto* stream = input_.stream(0);
    if (!stream) return fail(ErrorCode::internal, "A track of our own holds no stream.");
    base_ = {stream->time_base.num, stream->time_base.den};
    parameters_ = VF_TRY(copy_parameters(*stream->codecpar));
    return {};
  }

  AVCodecParameters* parameters() override { return parameters_.get(); }
  Rational time_base() const override { return base_; }
  // Light and, of a track, nothing else: its pictures are upright.
  const AVStream* described_by() const override { return input_.stream(0); }

  Result<bool> next(AVPacket* packet) override {
    av_packet_unref(packet);
    if (!VF_TRY(input_.read(packet))) return false;
    packet->flags &= ~AV_PKT_FLAG_DISCARD;
    av_packet_free_side_data(packet);
    return true;
  }

 private:
  av::Input input_;
  Rational base_;
  ParametersPtr parameters_;
};

}  // namespace

Result<FeedPtr> make_track_feed(const std::vector<int>& parts) {
  auto feed = std::make_unique<TrackFeed>(VF_TRY(av::Input::open(parts.at(0), {.parts = parts})));
  VF_CHECK(feed->open());
  return feed;
}

}  // namespace vf::media::mux
