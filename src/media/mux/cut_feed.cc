// A cut video: edges and copied stretches as one stream of packets.
//
// Decode times are made anew where pictures are reordered: the source's own do not fit the edges'. The
// i-th packet gets the presentation time of the picture that is `reorder` places earlier in the order
// of showing, which is never later than its own and always later than the one before.
#include <algorithm>

#include "base/fd.h"
#include "media/cut/nal_units.h"
#include "media/decode/packet_source.h"
#include "media/mux/feed.h"
#include "media/package/base64.h"

namespace vf::media::mux {
namespace {

constexpr std::int64_t kMaxEdgePacket = 1LL << 30;

class CutFeed : public Feed {
 public:
  CutFeed(CutFeedInput in, PacketSource source) : in_(std::move(in)), source_(std::move(source)) {}

  Result<void> open();
  AVCodecParameters* parameters() override { return parameters_.get(); }
  Rational time_base() const override { return in_.range.base; }
  const AVStream* described_by() const override { return source_.stream(); }
  Result<bool> next(AVPacket* packet) override;

 private:
  const EdgeBlob* edge(int input) const;
  Result<void> describe();
  Result<bool> next_of_run(AVPacket* packet);
  Result<bool> next_copied(const Run& run, AVPacket* packet);
  Result<bool> next_edge(const EdgeBlob& edge, AVPacket* packet);
  Result<void> replace(AVPacket* packet, const cut::Bytes& bytes);
  Result<void> reshape(AVPacket* packet, const cut::Bytes& sets, bool byte_stream);
  Result<void> give_times(AVPacket* packet);
  bool ends_before_fresh_start() const;

  CutFeedInput in_;
  PacketSource source_;
  ParametersPtr parameters_;
  bool reshapes_ = false;  // NAL units become a byte stream, with parameter sets where they are needed
  cut::Bytes source_sets_, all_sets_;
  std::vector<std::pair<int, cut::Bytes>> edge_sets_;
  std::size_t run_ = 0;
  bool run_begun_ = false;
  std::size_t edge_packet_ = 0;
  std::int64_t edge_offset_ = 0;
  std::size_t written_ = 0;
  bool counts_ = false;  // decode times are made from the times of showing
  cut::Bytes buffer_;
};

Result<cut::Bytes> bytes_of_hex(const std::string& text) {
  const auto raw = VF_TRY(hex_decode(text));
  return cut::Bytes(raw.begin(), raw.end());
}

const EdgeBlob* CutFeed::edge(int input) const {
  const auto found = std::ranges::find(in_.edges, input, &std::pair<int, EdgeBlob>::first);
  return found == in_.edges.end() ? nullptr : &found->second;
}

Result<void> CutFeed::describe() {
  const auto& from = *source_.stream()->codecpar;
  parameters_ = VF_TRY(copy_parameters(from));
  reshapes_ = !in_.edges.empty() && cut::has_nal_units(from);
  counts_ = !in_.edges.empty() || in_.reorder > 0;
  if (!reshapes_) return {};
  source_sets_ = all_sets_ = cut::parameter_sets_of(from);
  for (const auto& [input, blob] : in_.edges) {
    auto sets = VF_TRY(bytes_of_hex(blob.description.parameter_sets));
    // Both edges come from one encoder with one setting, so their sets are the same.
    if (from.codec_id == AV_CODEC_ID_H264 && edge_sets_.empty())
      all_sets_.insert(all_sets_.end(), sets.begin(), sets.end());
    else if (from.codec_id == AV_CODEC_ID_H264 && sets != edge_sets_.front().second)
      return fail(ErrorCode::internal, "The two edges of the clip were encoded with different parameters.");
    edge_sets_.emplace_back(input, std::move(sets));
  }
  const auto& header = from.codec_id == AV_CODEC_ID_H264 ? all_sets_
                       : source_sets_.empty()            ? edge_sets_.front().second
                                                         : source_sets_;
  av_freep(&parameters_->extradata);
  parameters_->extradata = static_cast<std::uint8_t*>(av_mallocz(header.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!parameters_->extradata) return fail(ErrorCode::no_memory, "There is not enough memory to describe the clip.");
  std::ranges::copy(header, parameters_->extradata);
  parameters_->extradata_size = static_cast<int>(header.size());
  return {};
}

Result<void> CutFeed::open() {
  VF_CHECK(describe());
  if (in_.runs.empty()) return fail(ErrorCode::internal, "A cut video without a single run was asked for.");
  return {};
}

bool CutFeed::ends_before_fresh_start() const {
  return run_ + 1 < in_.runs.size() && in_.runs[run_ + 1].copy && in_.runs[run_ + 1].fresh_start;
}

Result<void> CutFeed::replace(AVPacket* packet, const cut::Bytes& bytes) {
  auto fresh = av::make_packet();
  if (!fresh || av_new_packet(fresh.get(), static_cast<int>(bytes.size())) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory for a packet of the clip.");
  std::ranges::copy(bytes, fresh->data);
  av_packet_copy_props(fresh.get(), packet);
  av_packet_unref(packet);
  av_packet_move_ref(packet, fresh.get());
  return {};
}

// As a byte stream, key frames behind the parameter sets they need.
Result<void> CutFeed::reshape(AVPacket* packet, const cut::Bytes& sets, bool byte_stream) {
  const cut::View data(packet->data, static_cast<std::size_t>(packet->size));
  if (byte_stream)
    buffer_.assign(data.begin(), data.end());
  else
    VF_CHECK(cut::to_byte_stream(*source_.stream()->codecpar, data, buffer_));
  if ((packet->flags & AV_PKT_FLAG_KEY) && !sets.empty()) buffer_.insert(buffer_.begin(), sets.begin(), sets.end());
  return replace(packet, buffer_);
}

Result<bool> CutFeed::next_copied(const Run& run, AVPacket* packet) {
  if (!run_begun_) VF_CHECK(source_.begin_at(run.first));
  while (VF_TRY(source_.next(packet))) {
    if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
    if (!run_begun_ && packet->pts != run.first) continue;
    run_begun_ = true;
    if (packet->pts == run.until) return false;
    // Shown before the key frame, and nobody's reference but theirs.
    if (packet->pts < run.first || (packet->flags & AV_PKT_FLAG_DISCARD)) continue;
    if (reshapes_)
      VF_CHECK(
          reshape(packet, source_.stream()->codecpar->codec_id == AV_CODEC_ID_H264 ? all_sets_ : source_sets_, false));
    return true;
  }
  if (!run_begun_) return fail(ErrorCode::invalid_input, "A key frame that the file promised is not there.");
  return false;
}

Result<bool> CutFeed::next_edge(const EdgeBlob& blob, AVPacket* packet) {
  const auto& packets = blob.description.packets;
  if (edge_packet_ == packets.size()) return false;
  const auto& one = packets[edge_packet_++];
  av_packet_unref(packet);
  if (one.size <= 0 || one.size > kMaxEdgePacket || av_new_packet(packet, static_cast<int>(one.size)) < 0)
    return fail(ErrorCode::no_memory, "There is not enough memory for a packet of the clip.");
  const auto got = VF_TRY(read_at(blob.fd, {packet->data, static_cast<std::size_t>(one.size)}, edge_offset_));
  if (got != static_cast<std::size_t>(one.size)) return fail(ErrorCode::internal, "An edge of the clip is cut off.");
  edge_offset_ += one.size;
  packet->pts = one.pts;
  packet->flags = one.key ? AV_PKT_FLAG_KEY : 0;
  if (!reshapes_) return true;
  const bool h264 = source_.stream()->codecpar->codec_id == AV_CODEC_ID_H264;
  const auto own = std::ranges::find(edge_sets_, in_.runs[run_].input, &std::pair<int, cut::Bytes>::first);
  VF_CHECK(reshape(packet, h264 ? all_sets_ : own->second, true));
  if (edge_packet_ == packets.size() && ends_before_fresh_start()) {
    const auto end = cut::end_of_sequence(*source_.stream()->codecpar);
    buffer_.insert(buffer_.end(), end.begin(), end.end());
    VF_CHECK(replace(packet, buffer_));
  }
  return true;
}

Result<bool> CutFeed::next_of_run(AVPacket* packet) {
  while (run_ < in_.runs.size()) {
    const auto& run = in_.runs[run_];
    const auto* blob = run.copy ? nullptr : edge(run.input);
    if (!run.copy && !blob) return fail(ErrorCode::internal, "An edge of the clip is missing.");
    if (run.copy ? VF_TRY(next_copied(run, packet)) : VF_TRY(next_edge(*blob, packet))) return true;
    ++run_;
    run_begun_ = false;
    edge_packet_ = 0;
    edge_offset_ = 0;
  }
  return false;
}

Result<void> CutFeed::give_times(AVPacket* packet) {
  const auto& shown = in_.shown;
  const auto place = std::ranges::lower_bound(shown, packet->pts);
  if (counts_ && (place == shown.end() || *place != packet->pts || written_ >= shown.size()))
    return fail(ErrorCode::invalid_input,
                "The video's packets are not what its index says; cut it with `videoforge process`.");
  if (place != shown.end() && place + 1 != shown.end())
    packet->duration = *(place + 1) - packet->pts;
  else if (in_.range.end != INT64_MAX)
    packet->duration = std::max<std::int64_t>(1, in_.range.end - packet->pts);
  packet->dts = packet->pts;
  if (counts_) {
    const auto behind = static_cast<std::size_t>(in_.reorder);
    const auto step = shown.size() > 1 ? std::max<std::int64_t>(1, shown[1] - shown[0]) : 1;
    packet->dts = written_ >= behind ? shown[written_ - behind]
                                     : shown.front() - static_cast<std::int64_t>(behind - written_) * step;
    if (packet->dts > packet->pts) return fail(ErrorCode::timeout, "reorder");  // the caller tries again with more
  }
  ++written_;
  packet->pts -= in_.range.origin;
  packet->dts -= in_.range.origin;
  return {};
}

Result<bool> CutFeed::next(AVPacket* packet) {
  if (!VF_TRY(next_of_run(packet))) {
    if (counts_ && written_ != in_.shown.size())
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} of the clip's {} pictures are missing in the file; cut it with `videoforge process`.",
                              in_.shown.size() - written_, in_.shown.size()));
    return false;
  }
  VF_CHECK(give_times(packet));
  return true;
}

}  // namespace

Result<FeedPtr> make_cut_feed(CutFeedInput input) {
  auto source = VF_TRY(PacketSource::open(input.fd, input.stream, {}));
  auto feed = std::make_unique<CutFeed>(std::move(input), std::move(source));
  VF_CHECK(feed->open());
  return feed;
}

}  // namespace vf::media::mux
