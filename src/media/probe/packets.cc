#include "media/probe/packets.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "media/probe/bitstream.h"

namespace vf::media {
namespace {

// Enough for the longest reordering of any codec behind the first key frame.
constexpr int kHeadAfterKey = 24;
constexpr std::size_t kHeadPackets = 600;
constexpr std::int64_t kHeadBytes = 48 << 20;

Rational time_base(const AVStream* stream) { return {stream->time_base.num, stream->time_base.den}; }

// Length of one frame by the rates the stream claims, in its ticks; at least one.
std::int64_t claimed_frame_ticks(const AVStream* stream) {
  const AVRational rate = stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate : stream->r_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) return 1;
  return std::max<std::int64_t>(1, rescale(1, {rate.den, rate.num}, time_base(stream)));
}

// Length of a packet whose container does not tell it, 0 where nothing else does.
std::int64_t usual_ticks(const AVStream* stream) {
  const auto& p = *stream->codecpar;
  if (p.codec_type == AVMEDIA_TYPE_VIDEO) return claimed_frame_ticks(stream);
  if (p.codec_type != AVMEDIA_TYPE_AUDIO || p.frame_size <= 0 || p.sample_rate <= 0) return 0;
  return rescale(p.frame_size, {1, p.sample_rate}, time_base(stream));
}

class Pass {
 public:
  Pass(av::Input& input, const PassOptions& options) : input_(input), options_(options) {
    out_.streams.resize(input.get()->nb_streams);
    if (options.main_video >= 0) {
      video_ = input.stream(options.main_video);
      frame_ticks_ = claimed_frame_ticks(video_);
      nal_length_size_ = nal_length_size(*video_->codecpar);
    }
  }

  Result<PacketPass> run() {
    const auto packet = av::make_packet();
    if (!packet) return fail(ErrorCode::no_memory, "There is not enough memory to read the file.");
    while (VF_TRY(input_.read(packet.get()))) {
      drop_absurd_times(*packet);
      // Raw streams and programs may add streams while they are read.
      if (packet->stream_index >= static_cast<int>(out_.streams.size())) out_.streams.resize(input_.get()->nb_streams);
      if (++packets_ > options_.limits.max_packets)
        return fail(ErrorCode::limit_exceeded,
                    fmt::format("The file has more than {} packets (max_packets).", options_.limits.max_packets));
      if (packet->stream_index < options_.examined_streams) {
        if (out_.skimmed) fill_in(*packet);
        VF_CHECK(count(*packet));
        if (packet->stream_index == options_.main_video) VF_CHECK(follow_video(*packet));
      }
      report(*packet);
      av_packet_unref(packet.get());
    }
    if (waiting_) settle_waiting(last_ticks_ + last_length_);
    return std::move(out_);
  }

 private:
  // Places in frame_ticks and key_ticks (-1: no key) of a frame whose time the next reference frame tells.
  struct Waiting {
    std::ptrdiff_t frame;
    std::ptrdiff_t key;
  };

  // Times that no clock shows would overflow every later difference: they count as absent.
  static void drop_absurd_times(AVPacket& packet) {
    constexpr std::int64_t kMost = std::int64_t{1} << 60;
    for (auto* ticks : {&packet.pts, &packet.dts})
      if (*ticks > kMost || *ticks < -kMost) *ticks = AV_NOPTS_VALUE;
    packet.duration = std::clamp<std::int64_t>(packet.duration, 0, kMost);
  }

  // As much of it as was read.
  std::span<const std::uint8_t> payload(const AVPacket& packet) const {
    return {packet.data, static_cast<std::size_t>(out_.skimmed ? std::min(packet.size, av::kSkimBytes) : packet.size)};
  }

  // What libav adds to the container's own words while it is not skimming.
  void fill_in(AVPacket& packet) const {
    const auto* stream = input_.stream(packet.stream_index);
    if (packet.duration == 0) packet.duration = usual_ticks(stream);
    if (stream == video_ && !(packet.flags & AV_PKT_FLAG_KEY) &&
        decoding_may_start(video_->codecpar->codec_id, payload(packet), nal_length_size_))
      packet.flags |= AV_PKT_FLAG_KEY;
  }

  Result<void> count(const AVPacket& packet) {
    auto& row = out_.streams[static_cast<std::size_t>(packet.stream_index)];
    const auto* stream = input_.stream(packet.stream_index);
    ++row.packets;
    row.bytes += packet.size;
    const auto ticks = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
    if (packet.dts != AV_NOPTS_VALUE) {
      if (row.last_dts != AV_NOPTS_VALUE && packet.dts < row.last_dts) ++row.backward_times;
      row.last_dts = packet.dts;
    }
    if (ticks == AV_NOPTS_VALUE) {
      ++row.missing_times;
      return {};
    }
    if (!(packet.flags & AV_PKT_FLAG_DISCARD)) {
      const auto first = ticks + skipped_at_start(packet, *stream);
      if (row.first_ticks == AV_NOPTS_VALUE || first < row.first_ticks) row.first_ticks = first;
      const auto end = ticks + std::clamp<std::int64_t>(packet.duration, 0, INT64_MAX / 4);
      if (row.end_ticks == AV_NOPTS_VALUE || end > row.end_ticks) row.end_ticks = end;
    }
    return add_to_second(row, packet, *stream);
  }

  // Samples an audio decoder drops from this packet (encoder delay), in ticks.
  static std::int64_t skipped_at_start(const AVPacket& packet, const AVStream& stream) {
    std::size_t size = 0;
    const auto* data = av_packet_get_side_data(&packet, AV_PKT_DATA_SKIP_SAMPLES, &size);
    if (!data || size < 4 || stream.codecpar->sample_rate <= 0) return 0;
    const std::uint32_t samples = data[0] | data[1] << 8 | data[2] << 16 | static_cast<std::uint32_t>(data[3]) << 24;
    return rescale(std::min(samples, 1U << 20), {1, stream.codecpar->sample_rate}, time_base(&stream));
  }

  Result<void> add_to_second(StreamCount& row, const AVPacket& packet, const AVStream& stream) {
    const auto ticks = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
    if (row.base_ticks == AV_NOPTS_VALUE) row.base_ticks = ticks;
    const double seconds =
        (static_cast<double>(ticks) - static_cast<double>(row.base_ticks)) * time_base(&stream).value();
    if (seconds < 0) return {};
    if (seconds > options_.limits.max_duration_seconds && row.packets > 1) {
      // A subtitle or data packet far out is an oddity; of sound and pictures it is the length.
      if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO && stream.codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
        return {};
      return fail(
          ErrorCode::limit_exceeded,
          fmt::format(
              "The time stamps run over {:.0f} hours; the limit is {:.0f} hours (max_duration_seconds = {:.0f}).",
              seconds / 3600, options_.limits.max_duration_seconds / 3600, options_.limits.max_duration_seconds));
    }
    const auto second = static_cast<std::size_t>(seconds);
    if (row.second_bytes.size() <= second) row.second_bytes.resize(second + 1);
    row.second_bytes[second] += packet.size;
    return {};
  }

  Result<void> follow_video(const AVPacket& packet) {
    auto& trail = out_.frames;
    const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    const bool first = video_packets_++ == 0;
    if (first) trail.starts_with_key = key;
    if (key) {
      key_pts_ = packet.pts;
      if (first_key_pts_ == AV_NOPTS_VALUE) first_key_pts_ = key_pts_;
    } else if (packet.pts != AV_NOPTS_VALUE && key_pts_ != AV_NOPTS_VALUE && packet.pts < key_pts_) {
      trail.leading = true;
      trail.leading_at_start = trail.leading_at_start || key_pts_ == first_key_pts_;
    }
    watch_parameters(packet, key);
    if (keep_head(packet, key)) return {};
    if (packet.size == 0 && !out_.skimmed) return {};
    // The second field of a pair belongs to the frame of the first.
    if (second_field()) return {};
    const int frames =
        out_.skimmed || (packet.flags & AV_PKT_FLAG_DISCARD)
            ? ((packet.flags & AV_PKT_FLAG_DISCARD) ? 0 : 1)
            : shown_frames(video_->codecpar->codec_id, {packet.data, static_cast<std::size_t>(packet.size)});
    if (frames == 0) {
      ++trail.hidden;
      return {};
    }
    settle_waiting(packet);
    const auto ticks = presentation(packet);
    if (packet.pts == AV_NOPTS_VALUE && packet.dts != AV_NOPTS_VALUE && video_->codecpar->video_delay == 1)
      waiting_ = Waiting{static_cast<std::ptrdiff_t>(trail.frame_ticks.size()),
                         key ? static_cast<std::ptrdiff_t>(trail.key_ticks.size()) : -1};
    if (key) trail.key_ticks.push_back(ticks);
    for (int i = 0; i < frames; ++i) trail.frame_ticks.push_back(ticks + i);
    if (packet.duration > 0) trail.last_duration = packet.duration;
    if (static_cast<std::int64_t>(trail.frame_ticks.size()) > options_.limits.max_frames)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("The video has more than {} frames (max_frames).", options_.limits.max_frames));
    return {};
  }

  // A reference frame without a pts in a stream with simple B-frames is shown when the next reference
  // frame is decoded (ISO/IEC 13818-2 6.1.1.11). B-frames are those with pts = dts.
  void settle_waiting(const AVPacket& next) {
    if (!waiting_ || next.dts == AV_NOPTS_VALUE || next.pts == next.dts) return;
    settle_waiting(next.dts);
  }
  void settle_waiting(std::int64_t ticks) {
    out_.frames.frame_ticks[static_cast<std::size_t>(waiting_->frame)] = ticks;
    if (waiting_->key >= 0) out_.frames.key_ticks[static_cast<std::size_t>(waiting_->key)] = ticks;
    waiting_.reset();
  }

  // Without a pts the decode time stands in, as libav's decoders do; without both, the frame before.
  std::int64_t presentation(const AVPacket& packet) {
    auto ticks = packet.pts;
    if (ticks == AV_NOPTS_VALUE) {
      ++out_.frames.guessed;
      ticks = packet.dts;
    }
    if (ticks == AV_NOPTS_VALUE) ticks = last_ticks_ == AV_NOPTS_VALUE ? 0 : last_ticks_ + last_length_;
    last_ticks_ = ticks;
    last_length_ = std::min<std::int64_t>(packet.duration > 0 ? packet.duration : frame_ticks_, std::int64_t{1} << 32);
    return ticks;
  }

  void watch_parameters(const AVPacket& packet, bool key) {
    auto& changed = out_.frames.parameters_changed;
    if (changed) return;
    std::size_t size = 0;
    if (const auto* data = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size)) {
      const auto& p = *video_->codecpar;
      const bool same =
          size == static_cast<std::size_t>(p.extradata_size) && std::equal(data, data + size, p.extradata);
      // Some demuxers hand over the first set this way: only a set that differs is a change.
      if (!same && video_packets_ > 1) changed = true;
    }
    if (av_packet_get_side_data(&packet, AV_PKT_DATA_PARAM_CHANGE, &size)) changed = true;
    if (!key || packet.size <= 0) return;
    const auto hash = parameter_set_hash(video_->codecpar->codec_id, payload(packet), nal_length_size_);
    if (hash != 0 && parameter_hash_ != 0 && hash != parameter_hash_) changed = true;
    if (hash != 0) parameter_hash_ = hash;
  }

  // True where reading begins again from the first packet.
  bool keep_head(const AVPacket& packet, bool key) {
    if (head_done_) return false;
    auto& head = out_.frames.head;
    if (key) key_seen_ = true;
    if (auto copy = av::PacketPtr(av_packet_clone(&packet))) head.push_back(std::move(copy));
    head_bytes_ += packet.size;
    if (key_seen_) ++after_key_;
    if (after_key_ < kHeadAfterKey && head.size() < kHeadPackets && head_bytes_ < kHeadBytes) return false;
    head_done_ = true;
    if (!options_.may_skim || !input_.skim_from_start()) return false;
    start_again();
    return true;
  }

  // What was read for the head is counted when it comes again.
  void start_again() {
    PacketPass fresh;
    fresh.streams.resize(out_.streams.size());
    fresh.frames.head = std::move(out_.frames.head);
    fresh.skimmed = true;
    out_ = std::move(fresh);
    video_packets_ = packets_ = 0;
    key_pts_ = first_key_pts_ = last_ticks_ = AV_NOPTS_VALUE;
    last_length_ = 0;
    parameter_hash_ = 0;
    waiting_.reset();
  }

  bool second_field() {
    const auto* parser = av_stream_get_parser(video_);
    if (!parser || video_->codecpar->codec_id != AV_CODEC_ID_H264) return false;
    const int structure = parser->picture_structure;
    const bool field = structure == AV_PICTURE_STRUCTURE_TOP_FIELD || structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
    const bool pairs = field && open_field_ != 0 && structure != open_field_;
    open_field_ = field && !pairs ? structure : 0;
    return pairs;
  }

  // The length prefix of NAL units by the avcC or hvcC record; 0 for Annex B.
  static int nal_length_size(const AVCodecParameters& p) {
    if (!p.extradata || p.extradata[0] != 1) return 0;
    if (p.codec_id == AV_CODEC_ID_H264 && p.extradata_size >= 7) return (p.extradata[4] & 3) + 1;
    if (p.codec_id == AV_CODEC_ID_HEVC && p.extradata_size >= 23) return (p.extradata[21] & 3) + 1;
    return 0;
  }

  void report(const AVPacket& packet) {
    if (!options_.progress || packet.pos < 0 || input_.bytes() <= 0) return;
    const double fraction = static_cast<double>(packet.pos) / static_cast<double>(input_.bytes());
    if (fraction < reported_ + 0.01 || fraction > 1) return;
    reported_ = fraction;
    options_.progress(fraction);
  }

  av::Input& input_;
  const PassOptions& options_;
  PacketPass out_;
  const AVStream* video_ = nullptr;
  std::int64_t frame_ticks_ = 1;
  int nal_length_size_ = 0;
  std::int64_t packets_ = 0;
  std::int64_t video_packets_ = 0;
  std::int64_t key_pts_ = AV_NOPTS_VALUE;
  std::int64_t first_key_pts_ = AV_NOPTS_VALUE;
  std::int64_t last_ticks_ = AV_NOPTS_VALUE;
  std::int64_t last_length_ = 0;
  std::optional<Waiting> waiting_;
  std::uint64_t parameter_hash_ = 0;
  std::int64_t head_bytes_ = 0;
  int after_key_ = 0;
  int open_field_ = 0;
  bool key_seen_ = false;
  bool head_done_ = false;
  double reported_ = 0;
};

}  // namespace

Result<PacketPass> read_packets(av::Input& input, const PassOptions& options) { return Pass(input, options).run(); }

}  // namespace vf::media
