// Packets of a stream that is kept as it is, cut to a range.
#include <array>

#include "media/mux/feed.h"

namespace vf::media::mux {
namespace {

// Containers without an index are entered by guessing: a little early, and from the beginning where even
// that was too late.
constexpr double kEarlySeconds = 2.0;
// What a decoder needs in front of the first sample that is heard: one packet of AAC and MP3, 80 ms of
// Opus (RFC 7845 4.6).
constexpr double kOpusPreroll = 0.080;

class CopyFeed : public Feed {
 public:
  CopyFeed(av::Input input, int fd, int stream, const Range& range, bool early)
      : input_(std::move(input)), fd_(fd), stream_(stream), range_(range), early_(early) {}

  Result<void> open() {
    auto* stream = input_.stream(stream_);
    if (!stream) return fail(ErrorCode::internal, "A stream that the plan copies is not there.");
    choose();
    base_ = {stream->time_base.num, stream->time_base.den};
    origin_ = range_.origin_in(base_);
    end_ = range_.end_in(base_);
    const auto* p = stream->codecpar;
    sound_ = p->codec_type == AVMEDIA_TYPE_AUDIO;
    if (sound_ && early_) {
      const double seconds = p->codec_id == AV_CODEC_ID_OPUS ? kOpusPreroll
                             : p->frame_size > 0 && p->sample_rate > 0
                                 ? static_cast<double>(p->frame_size) / p->sample_rate
                                 : 0.0;
      preroll_ = static_cast<std::int64_t>(seconds / base_.value());
    }
    parameters_ = VF_TRY(copy_parameters(*p));
    if (origin_ > 0 && input_.seek(stream_, origin_ - static_cast<std::int64_t>(kEarlySeconds / base_.value()))) {
      sought_ = true;
    }
    return {};
  }

  AVCodecParameters* parameters() override { return parameters_.get(); }
  Rational time_base() const override { return base_; }
  const AVStream* described_by() const override { return input_.stream(stream_); }

  Result<bool> next(AVPacket* packet) override {
    for (;;) {
      av_packet_unref(packet);
      if (!VF_TRY(input_.read(packet))) return false;
      if (packet->stream_index != stream_ || packet->size == 0) continue;
      if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
      if (packet->pts == AV_NOPTS_VALUE) continue;
      if (sought_ && first_ && packet->pts > origin_ - preroll_) {
        VF_CHECK(restart());
        continue;
      }
      first_ = false;
      if (packet->pts >= end_) {
        // Subtitles may come out of order by a little; sound and pictures do not.
        if (sound_ || packet->dts == AV_NOPTS_VALUE || packet->dts >= end_) return false;
        continue;
      }
      if (!inside(*packet)) continue;
      cut(*packet);
      return true;
    }
  }

 private:
  void choose() {
    for (unsigned i = 0; i < input_.get()->nb_streams; ++i)
      input_.get()->streams[i]->discard = static_cast<int>(i) == stream_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }

  Result<void> restart() {
    sought_ = false;
    input_ = VF_TRY(av::Input::open(fd_));
    if (!input_.stream(stream_)) return fail(ErrorCode::invalid_input, "The file changed while it was read.");
    choose();
    return {};
  }

  bool inside(const AVPacket& packet) const {
    if (packet.flags & AV_PKT_FLAG_DISCARD) return early_ && packet.pts + packet.duration > origin_ - preroll_;
    if (sound_ && !early_) return packet.pts >= origin_ - 1;
    return packet.pts + std::max<std::int64_t>(packet.duration, sound_ ? 0 : 1) > origin_ - preroll_;
  }

  void cut(AVPacket& packet) const {
    const auto end = packet.pts + packet.duration;
    if (!sound_ && packet.pts < origin_) {
      packet.pts = packet.dts = origin_;
      packet.duration = std::max<std::int64_t>(end - origin_, 0);
    }
    if (end_ != INT64_MAX && end > end_) packet.duration = std::max<std::int64_t>(end_ - packet.pts, 1);
    packet.pts -= origin_;
    packet.dts = sound_ || packet.dts == AV_NOPTS_VALUE ? packet.pts : packet.dts - origin_;
    if (packet.dts > packet.pts) packet.dts = packet.pts;
    packet.flags &= ~AV_PKT_FLAG_DISCARD;
    // What to skip of this sound in the source's file is not what to skip here.
    if (sound_) av_packet_free_side_data(&packet);
  }

  av::Input input_;
  int fd_;
  int stream_;
  Range range_;
  bool early_;
  Rational base_;
  std::int64_t origin_ = 0;
  std::int64_t end_ = INT64_MAX;
  std::int64_t preroll_ = 0;
  bool sound_ = false;
  bool sought_ = false;
  bool first_ = true;
  ParametersPtr parameters_;
};

}  // namespace

Result<ParametersPtr> copy_parameters(const AVCodecParameters& from) {
  ParametersPtr out(avcodec_parameters_alloc());
  if (!out || avcodec_parameters_copy(out.get(), &from) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory to copy a stream.");
  out->codec_tag = 0;
  return out;
}

Result<FeedPtr> make_copy_feed(int fd, int stream, const Range& range, bool early) {
  auto feed = std::make_unique<CopyFeed>(VF_TRY(av::Input::open(fd)), fd, stream, range, early);
  VF_CHECK(feed->open());
  return feed;
}

}  // namespace vf::media::mux
