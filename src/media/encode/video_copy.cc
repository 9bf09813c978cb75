#include "media/encode/video_copy.h"

#include <algorithm>
#include <array>

#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/package/annexb.h"
#include "media/package/fragment_writer.h"
#include "media/package/sample_entry.h"

namespace vf::media {
namespace {

// Turns packets of one stream into samples.
class SampleCopier {
 public:
  SampleCopier(const CopySpec& spec, const AVCodecParameters& codec) : spec_(spec) {
    nal_ = codec.codec_id == AV_CODEC_ID_H264 || codec.codec_id == AV_CODEC_ID_HEVC;
    nal_codec_ = codec.codec_id == AV_CODEC_ID_HEVC ? NalCodec::hevc : NalCodec::h264;
    const std::span extradata(codec.extradata, static_cast<std::size_t>(codec.extradata_size));
    annexb_ = nal_ && (extradata.empty() || is_annexb(extradata));
    const std::size_t length_at = nal_codec_ == NalCodec::h264 ? 4 : 21;
    four_byte_lengths_ = annexb_ || !nal_ || (extradata.size() > length_at && (extradata[length_at] & 3) == 3);
  }

  bool readable() const { return four_byte_lengths_; }

  Result<Sample> sample(const AVPacket& packet, std::int64_t pts) {
    const Rational track{1, spec_.timescale};
    Sample sample;
    sample.pts = rescale(pts - spec_.origin_ticks, spec_.time_base, track);
    // Counts for the last one only, which lasts until the next chunk begins: a pause in the stream is no gap.
    sample.duration = rescale(spec_.end_ticks - spec_.origin_ticks, spec_.time_base, track) - sample.pts;
    sample.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    sample.data = {packet.data, static_cast<std::size_t>(packet.size)};
    if (annexb_) {
      VF_CHECK(annexb_to_lengths(nal_codec_, sample.data, buffer_));
      sample.data = buffer_;
    }
    return sample;
  }

 private:
  const CopySpec& spec_;
  bool nal_ = false;
  bool annexb_ = false;
  bool four_byte_lengths_ = true;
  NalCodec nal_codec_ = NalCodec::h264;
  std::vector<std::uint8_t> buffer_;
};

// Containers without an index (MPEG-2 TS) are found by guessing, and decode times lie before the times
// that are asked for: where a seek lands too late, the next one goes further back.
constexpr std::array kStepsBack{0.0, 2.0, 10.0, 60.0};

bool is_wanted(const AVPacket& packet, int stream) {
  return packet.stream_index == stream && !(packet.flags & AV_PKT_FLAG_DISCARD);
}

std::int64_t time_of(const AVPacket& packet) { return packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts; }

// Reads up to the key frame that the chunk starts with and leaves it in `packet`. False: it was passed.
Result<bool> find_start(av::Input& input, const CopySpec& spec, AVPacket* packet) {
  while (VF_TRY(input.read(packet))) {
    const bool key = is_wanted(*packet, spec.stream_index) && (packet->flags & AV_PKT_FLAG_KEY);
    if (key && time_of(*packet) == spec.start_ticks) return true;
    const bool passed = key && time_of(*packet) > spec.start_ticks;
    av_packet_unref(packet);
    if (passed) return false;
  }
  return false;
}

Result<bool> go_to_start(av::Input& input, int source_fd, const CopySpec& spec, AVPacket* packet) {
  for (const double seconds : kStepsBack) {
    const auto back = static_cast<std::int64_t>(seconds / spec.time_base.value());
    VF_CHECK(input.seek(spec.stream_index, spec.start_ticks - back));
    if (VF_TRY(find_start(input, spec, packet))) return true;
  }
  input = VF_TRY(av::Input::open(source_fd));
  return find_start(input, spec, packet);
}

}  // namespace

Result<TrackChunk> copy_video_chunk(int source_fd, const CopySpec& spec, int out_fd,
                                    const std::function<void(double)>& progress) {
  auto input = VF_TRY(av::Input::open(source_fd));
  const auto* stream = input.stream(spec.stream_index);
  if (!stream || spec.segment_starts.empty() || spec.timescale <= 0)
    return fail(ErrorCode::internal, "The copy of a chunk was asked for with a wrong description.");
  SampleCopier copier(spec, *stream->codecpar);
  if (!copier.readable())
    return fail(ErrorCode::unsupported_input, "The video's NAL units have unusual length fields; use --no-copy.");
  SampleEntryOptions entry;
  entry.frame_rate = spec.frame_rate;
  auto writer = VF_TRY(FragmentWriter::create(
      out_fd, VF_TRY(make_track_format(*stream->codecpar, spec.timescale, entry)), spec.first_segment_number));

  const auto packet = av::make_packet();
  if (!VF_TRY(go_to_start(input, source_fd, spec, packet.get())))
    return fail(ErrorCode::invalid_input, "A key frame that the file's index promises is not there; use --no-copy.");
  std::size_t next_segment = 1;
  do {
    const bool wanted = is_wanted(*packet, spec.stream_index);
    const auto pts = time_of(*packet);
    const bool key = wanted && (packet->flags & AV_PKT_FLAG_KEY);
    if (key && pts >= spec.end_ticks) break;
    if (wanted) {
      if (key && next_segment < spec.segment_starts.size() && pts >= spec.segment_starts[next_segment]) {
        VF_CHECK(writer.end_segment());
        ++next_segment;
      }
      VF_CHECK(writer.add(VF_TRY(copier.sample(*packet, pts))));
      if (progress)
        progress(static_cast<double>(pts - spec.start_ticks) /
                 static_cast<double>(std::max<std::int64_t>(1, spec.end_ticks - spec.start_ticks)));
    }
    av_packet_unref(packet.get());
  } while (VF_TRY(input.read(packet.get())));
  return writer.finish();
}

}  // namespace vf::media
