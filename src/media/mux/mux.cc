#include "media/mux/mux.h"

#include <algorithm>
#include <optional>

#include <unistd.h>

#include "base/fd.h"
#include "media/mux/muxer.h"

namespace vf::media::mux {
namespace {

constexpr int kMostReordered = 16;
constexpr int kEdgeReorder = 2;  // what our encoders do: B-frames, and B-frames that others refer to

// One track on its way: its feed, and the packet that is next.
struct Lane {
  FeedPtr feed;
  av::PacketPtr packet;
  int track = 0;
  bool open = true;
  Rational base;  // of the packet's times, speed included
  MuxedTrack told;

  double next_seconds() const { return static_cast<double>(packet->dts) * base.value(); }
};

class Writer {
 public:
  Writer(const MuxSpec& spec, const VideoIndex& index, const std::vector<MuxInput>& inputs, int fd, int reorder)
      : spec_(spec), index_(index), inputs_(inputs), fd_(fd), reorder_(reorder) {}

  Result<MuxResult> run(const std::function<void(double)>& progress);

 private:
  Result<void> open();
  Result<FeedPtr> feed_for(const MuxTrack& track);
  Result<FeedPtr> cut_feed(const MuxTrack& track);
  Result<bool> advance(Lane& lane);
  std::vector<int> parts_of(const MuxTrack& track) const;
  double end_seconds() const;

  const MuxSpec& spec_;
  const VideoIndex& index_;
  const std::vector<MuxInput>& inputs_;
  int fd_;
  int reorder_;
  std::optional<av::Input> source_;
  std::optional<Muxer> muxer_;
  std::vector<Lane> lanes_;
};

std::vector<int> Writer::parts_of(const MuxTrack& track) const {
  std::vector<int> out;
  for (int i = track.first_input; i < track.first_input + track.inputs; ++i)
    for (const int fd : inputs_.at(static_cast<std::size_t>(i)).fds) out.push_back(fd);
  return out;
}

Result<FeedPtr> Writer::cut_feed(const MuxTrack& track) {
  CutFeedInput in;
  in.fd = inputs_.at(0).fds.at(0);
  in.stream = track.stream;
  in.range = {spec_.time_base, spec_.origin, spec_.end};
  in.runs = track.runs;
  for (const auto& run : track.runs) {
    if (run.copy) continue;
    const auto& input = inputs_.at(static_cast<std::size_t>(run.input));
    in.edges.emplace_back(run.input, EdgeBlob{input.fds.at(0), input.edge});
  }
  const auto& all = index_.frame_ticks;
  in.shown.assign(std::ranges::lower_bound(all, spec_.origin), std::ranges::lower_bound(all, spec_.end));
  const auto* stream = source_->stream(track.stream);
  if (!stream) return fail(ErrorCode::internal, "The video that the plan cuts is not there.");
  in.reorder = stream->codecpar->video_delay;
  if (!in.edges.empty()) in.reorder = std::max(in.reorder, kEdgeReorder);
  if (in.reorder > 0) in.reorder += reorder_;
  return make_cut_feed(std::move(in));
}

Result<FeedPtr> Writer::feed_for(const MuxTrack& track) {
  const Range range{spec_.time_base, spec_.origin, spec_.end};
  const bool early = find_container(spec_.container)->edit_lists;
  switch (track.from) {
    case TrackFrom::source:
      return make_copy_feed(inputs_.at(0).fds.at(0), track.stream, range, early);
    case TrackFrom::runs:
      return cut_feed(track);
    case TrackFrom::track:
      return make_track_feed(parts_of(track));
    case TrackFrom::text:
      return make_text_feed(parts_of(track).at(0), track.text_codec);
  }
  return fail(ErrorCode::internal, "A track comes from nowhere.");
}

Result<void> Writer::open() {
  const auto* container = find_container(spec_.container);
  if (!container) return fail(ErrorCode::internal, "Nobody knows this kind of file.");
  source_ = VF_TRY(av::Input::open(inputs_.at(0).fds.at(0)));
  muxer_ = VF_TRY(Muxer::create(fd_, *container));
  muxer_->describe(*source_->get());
  for (const auto& track : spec_.tracks) {
    Lane lane;
    lane.feed = VF_TRY(feed_for(track));
    lane.packet = av::make_packet();
    if (!lane.packet) return fail(ErrorCode::no_memory, "There is not enough memory to write the file.");
    lane.base = lane.feed->time_base();
    // Sound is made in its new tempo; everything else is told faster.
    if (lane.feed->parameters()->codec_type != AVMEDIA_TYPE_AUDIO)
      lane.base = reduced({lane.base.num * spec_.speed.den, lane.base.den * spec_.speed.num});
    lane.track = VF_TRY(muxer_->add(*lane.feed, source_->stream(track.stream), track.language, spec_.speed));
    const auto& p = *lane.feed->parameters();
    lane.told.kind = av_get_media_type_string(p.codec_type);
    lane.told.codec = avcodec_get_name(p.codec_id);
    lanes_.push_back(std::move(lane));
  }
  if (container->attachments)
    for (unsigned i = 0; i < source_->get()->nb_streams; ++i)
      if (source_->get()->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT)
        VF_CHECK(muxer_->add_attachment(*source_->get()->streams[i]));
  if (container->chapters) VF_CHECK(muxer_->add_chapters(spec_.chapters));
  return muxer_->begin();
}

Result<bool> Writer::advance(Lane& lane) {
  lane.open = VF_TRY(lane.feed->next(lane.packet.get()));
  if (!lane.open) return false;
  // What an index cannot hold: before the beginning of a file that has no edit lists.
  if (!find_container(spec_.container)->edit_lists && lane.packet->pts < 0 &&
      lane.feed->parameters()->codec_type == AVMEDIA_TYPE_AUDIO)
    return advance(lane);
  const double at = static_cast<double>(lane.packet->pts) * lane.base.value();
  if (lane.told.packets == 0 || at < lane.told.first_seconds) lane.told.first_seconds = at;
  ++lane.told.packets;
  lane.told.bytes += lane.packet->size;
  return true;
}

double Writer::end_seconds() const {
  const auto end = spec_.end == INT64_MAX ? index_.end_ticks : spec_.end;
  return static_cast<double>(end - spec_.origin) * spec_.time_base.value() / spec_.speed.value();
}

Result<MuxResult> Writer::run(const std::function<void(double)>& progress) {
  VF_CHECK(open());
  for (auto& lane : lanes_) VF_TRY(advance(lane));
  const double length = std::max(0.001, end_seconds());
  for (;;) {
    Lane* first = nullptr;
    for (auto& lane : lanes_)
      if (lane.open && (!first || lane.next_seconds() < first->next_seconds())) first = &lane;
    if (!first) break;
    const double at = first->next_seconds();
    VF_CHECK(muxer_->write(first->track, first->packet.get(), first->base));
    VF_TRY(advance(*first));
    if (progress) progress(std::clamp(at / length, 0.0, 1.0));
  }
  MuxResult out;
  out.bytes = VF_TRY(muxer_->finish());
  for (auto& lane : lanes_) out.tracks.push_back(std::move(lane.told));
  return out;
}

}  // namespace

Result<MuxResult> write_file(const MuxSpec& spec, const VideoIndex& index, const std::vector<MuxInput>& inputs,
                             int out_fd, const std::function<void(double)>& progress) {
  for (int more = 0;; more += 2) {
    if (::ftruncate(out_fd, 0) != 0) return std::unexpected(system_error(errno, "write the file"));
    auto result = Writer(spec, index, inputs, out_fd, more).run(progress);
    // Pictures are decoded further ahead than the file says: once more, with room for it.
    const bool reordered = !result && result.error().code == ErrorCode::timeout;
    if (!reordered) return result;
    if (more > kMostReordered)
      return fail(ErrorCode::invalid_input, "The video's pictures come in an order that no decoder can follow.");
  }
}

}  // namespace vf::media::mux
