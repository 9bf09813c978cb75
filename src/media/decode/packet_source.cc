#include "media/decode/packet_source.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vf::media {
namespace {

// A group of pictures held ahead of the decoder is at most this large; beyond it decoding starts early.
constexpr std::int64_t kMaxAheadBytes = 64 << 20;
constexpr std::size_t kMaxAheadPackets = 20'000;
// Steps back, in seconds, where a container lands behind what was asked for.
constexpr std::array<std::int64_t, 5> kStepsBack{0, 1, 4, 16, 64};

std::int64_t time_of(const AVPacket& packet) { return packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts; }

// No picture shown at or before `limit` can follow this packet's key frames.
bool is_past(const AVPacket& packet, std::int64_t limit) {
  if (packet.dts != AV_NOPTS_VALUE) return packet.dts > limit;
  return packet.pts != AV_NOPTS_VALUE && packet.pts > limit;
}

// The stream to read: the one that is named, or the main video.
int choose_stream(const AVFormatContext& format, int wanted) {
  if (wanted >= 0) return wanted;
  int first = -1;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const auto& stream = *format.streams[i];
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO || (stream.disposition & AV_DISPOSITION_ATTACHED_PIC))
      continue;
    if (stream.disposition & AV_DISPOSITION_DEFAULT) return static_cast<int>(i);
    if (first < 0) first = static_cast<int>(i);
  }
  return first;
}

}  // namespace

PacketSource::PacketSource(av::Input input, int fd, int index, std::vector<int> parts)
    : input_(std::move(input)), fd_(fd), index_(index), parts_(std::move(parts)) {
  discard_other_streams();
}

Result<PacketSource> PacketSource::open(int fd, int stream_index, const std::vector<int>& parts) {
  auto input = VF_TRY(av::Input::open(fd, {.parts = parts}));
  const int index = choose_stream(*input.get(), stream_index);
  const auto* stream = input.stream(index);
  if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO)
    return fail(ErrorCode::not_found, "The file has no such video stream.");
  return PacketSource(std::move(input), fd, index, parts);
}

void PacketSource::discard_other_streams() {
  for (unsigned i = 0; i < input_.get()->nb_streams; ++i)
    if (static_cast<int>(i) != index_) input_.get()->streams[i]->discard = AVDISCARD_ALL;
}

// Formats whose time stamps after a seek are the same as on the way from the beginning.
bool PacketSource::has_index() const {
  static constexpr std::array kExact{"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "mxf", "flv"};
  return std::ranges::find(kExact, std::string_view(input_.get()->iformat->name)) != kExact.end();
}

Result<void> PacketSource::rewind() {
  ahead_.clear();
  if (!pristine_) {
    damaged_before_ += input_.damaged();
    input_ = VF_TRY(av::Input::open(fd_, {.parts = parts_}));
    if (!input_.stream(index_)) return fail(ErrorCode::invalid_input, "The file changed while it was read.");
    discard_other_streams();
  }
  pristine_ = true;
  return {};
}

Result<bool> PacketSource::read(AVPacket* packet) {
  pristine_ = false;
  while (VF_TRY(input_.read(packet))) {
    if (packet->stream_index == index_) return true;
    av_packet_unref(packet);
  }
  return false;
}

Result<bool> PacketSource::look_ahead(std::int64_t limit, bool from_beginning) {
  ahead_.clear();
  at_beginning_ = from_beginning;
  bool decodable = from_beginning;
  std::int64_t bytes = 0;
  std::size_t start_of_last = 0;  // where the last suitable key frame stands in ahead_
  std::optional<std::int64_t> last_key, key_before;
  bool has_pts = true;
  while (ahead_.size() < kMaxAheadPackets && bytes < kMaxAheadBytes) {
    auto packet = av::make_packet();
    if (!packet) return fail(ErrorCode::no_memory, "There is not enough memory to read the video.");
    if (!VF_TRY(read(packet.get()))) break;
    has_pts = has_pts && packet->pts != AV_NOPTS_VALUE;
    const auto time = time_of(*packet);
    const bool past = is_past(*packet, limit);
    if ((packet->flags & AV_PKT_FLAG_KEY) && time != AV_NOPTS_VALUE && time <= limit) {
      // The group before is kept until it is known whether time stamps need a decoder that runs in:
      // without presentation times they follow from the order in which packets went in.
      const auto drop = has_pts ? ahead_.size() : start_of_last;
      for (std::size_t i = 0; i < drop; ++i) {
        bytes -= ahead_.front()->size;
        ahead_.pop_front();
      }
      start_of_last = ahead_.size();
      key_before = has_pts ? std::optional(time) : last_key.value_or(time);
      last_key = time;
      if (drop > 0) at_beginning_ = false;
      decodable = true;
    }
    if (decodable) {
      bytes += packet->size;
      ahead_.push_back(std::move(packet));
    }
    if (past) break;
  }
  if (key_before) key_pts_ = *key_before;
  return decodable;
}

Result<void> PacketSource::position(std::int64_t limit) {
  if (has_index()) {
    const auto base = stream()->time_base;
    for (const auto seconds : kStepsBack) {
      const auto target = limit - av_rescale_q(seconds, AVRational{1, 1}, base);
      pristine_ = false;
      if (!input_.seek(index_, target)) break;
      if (VF_TRY(look_ahead(limit, false))) return {};
    }
  }
  VF_CHECK(rewind());
  VF_TRY(look_ahead(limit, true));
  return {};
}

Result<void> PacketSource::begin_at(std::int64_t start) { return position(start); }

Result<bool> PacketSource::begin_earlier() {
  if (at_beginning_) return false;
  VF_CHECK(position(key_pts_ - 1));
  return true;
}

std::int64_t PacketSource::first_time() const {
  if (!at_beginning_) return key_pts_;
  const auto start = stream()->start_time;
  return start != AV_NOPTS_VALUE ? start : 0;
}

Result<bool> PacketSource::next(AVPacket* packet) {
  av_packet_unref(packet);
  if (ahead_.empty()) return read(packet);
  av_packet_move_ref(packet, ahead_.front().get());
  ahead_.pop_front();
  return true;
}

}  // namespace vf::media
