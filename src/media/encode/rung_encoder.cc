#include "media/encode/rung_encoder.h"

#include <algorithm>

#include <fmt/format.h>

#include "media/av/error.h"
#include "media/encode/clean_packet.h"
#include "media/package/sample_entry.h"

namespace vf::media {
namespace {

struct Dictionary {
  AVDictionary* value = nullptr;
  ~Dictionary() { av_dict_free(&value); }
};

// Pictures far apart enough never to come as key frames by themselves.
constexpr int kNever = 1 << 20;

std::int64_t clamped_int(std::int64_t v) { return std::clamp<std::int64_t>(v, 0, INT32_MAX); }

}  // namespace

Result<void> RungEncoder::open(const AVFrame& first) {
  const auto& encoder = rung_.encoder;
  const bool keeps_light = first.color_trc == AVCOL_TRC_SMPTE2084 || first.color_trc == AVCOL_TRC_ARIB_STD_B67;
  settings_ = VF_TRY(settings_for(encoder, rung_.target, keeps_light && spec_.mastering ? &*spec_.mastering : nullptr));
  const auto* library = avcodec_find_encoder_by_name(settings_.encoder.c_str());
  if (!library)
    return fail(ErrorCode::unsupported_input,
                fmt::format("This build of libav has no {} encoder ({}).", encoder.codec, settings_.encoder));
  codec_.reset(avcodec_alloc_context3(library));
  if (!codec_ || !packet_) return fail(ErrorCode::no_memory, "There is not enough memory for the encoder.");
  codec_->width = first.width;
  codec_->height = first.height;
  codec_->pix_fmt = static_cast<AVPixelFormat>(first.format);
  codec_->time_base = {1, spec_.timescale};
  if (spec_.frame_rate.valid())
    av_reduce(&codec_->framerate.num, &codec_->framerate.den, spec_.frame_rate.num, spec_.frame_rate.den, INT32_MAX);
  codec_->sample_aspect_ratio = {1, 1};
  codec_->color_range = first.color_range;
  codec_->color_primaries = first.color_primaries;
  codec_->color_trc = first.color_trc;
  codec_->colorspace = first.colorspace;
  codec_->chroma_sample_location = first.chroma_location;
  codec_->gop_size = codec_->keyint_min = kNever;
  codec_->thread_count = 1;
  codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
  if (encoder.max_rate > 0) {
    codec_->rc_max_rate = encoder.max_rate;
    codec_->rc_buffer_size =
        static_cast<int>(clamped_int(encoder.buffer_size > 0 ? encoder.buffer_size : 2 * encoder.max_rate));
  }
  Dictionary options;
  for (const auto& [name, value] : settings_.options) av_dict_set(&options.value, name.c_str(), value.c_str(), 0);
  if (const int code = avcodec_open2(codec_.get(), library, &options.value); code < 0)
    return std::unexpected(av::error_from(
        code, ErrorCode::invalid_argument,
        fmt::format("{} does not take these settings for {} x {}.", settings_.encoder, first.width, first.height)));
  if (const auto* unused = av_dict_get(options.value, "", nullptr, AV_DICT_IGNORE_SUFFIX))
    return fail(ErrorCode::invalid_argument, fmt::format("{} has no option named {}.", settings_.encoder, unused->key));
  if (writer_) return {};

  AVCodecParameters* parameters = avcodec_parameters_alloc();
  if (!parameters) return fail(ErrorCode::no_memory, "There is not enough memory for the encoder.");
  struct ParametersFree {
    AVCodecParameters* p;
    ~ParametersFree() { avcodec_parameters_free(&p); }
  } guard{parameters};
  avcodec_parameters_from_context(parameters, codec_.get());
  SampleEntryOptions entry{.frame_rate = spec_.frame_rate};
  if (keeps_light) entry.mastering = spec_.mastering;
  auto format = VF_TRY(make_track_format(*parameters, spec_.timescale, entry));
  if (encoder.codec == "h264") nal_codec_ = NalCodec::h264;
  if (encoder.codec == "hevc") nal_codec_ = NalCodec::hevc;
  writer_ = VF_TRY(FragmentWriter::create(fd_, std::move(format), spec_.first_segment_number));
  return {};
}

Result<void> RungEncoder::add(EncoderPicture picture) {
  if (codec_ && picture.starts_segment && settings_.own_encoder_per_segment) {
    VF_CHECK(flush());
    codec_.reset();
  }
  if (!codec_) VF_CHECK(open(*picture.frame));
  taken_ticks_ += picture.duration;
  times_[picture.pts] = {picture.duration, picture.starts_segment};
  auto& frame = *picture.frame;
  frame.pts = picture.pts;
  frame.pict_type = picture.starts_segment ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  const int code = avcodec_send_frame(codec_.get(), &frame);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "The encoder refused a picture."));
  return write_packets();
}

Result<void> RungEncoder::flush() {
  const int code = avcodec_send_frame(codec_.get(), nullptr);
  if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "The encoder did not end."));
  return write_packets();
}

Result<void> RungEncoder::write_packets() {
  for (;;) {
    const int code = avcodec_receive_packet(codec_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) return std::unexpected(av::error_from(code, ErrorCode::internal, "The encoder failed."));
    VF_CHECK(write(*packet_));
    av_packet_unref(packet_.get());
  }
}

Result<void> RungEncoder::write(const AVPacket& packet) {
  const auto found = times_.find(packet.pts);
  if (found == times_.end()) return fail(ErrorCode::internal, "The encoder returned a picture that it was not given.");
  const auto [duration, starts_segment] = found->second;
  times_.erase(found);
  written_ticks_ += duration;
  if (tell_) tell_((taken_ticks_ + 2 * written_ticks_) / 3);
  const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  if (starts_segment) {
    if (!key) return fail(ErrorCode::internal, "The encoder did not start a segment with a key frame.");
    if (!std::exchange(first_segment_, false)) VF_CHECK(writer_->end_segment());
  }
  std::span<const std::uint8_t> data(packet.data, static_cast<std::size_t>(packet.size));
  if (nal_codec_) {
    VF_CHECK(annexb_to_lengths(*nal_codec_, data, sample_));
    drop_encoder_remarks(*nal_codec_, sample_);
    data = sample_;
  } else if (rung_.encoder.codec == "av1") {
    data = without_temporal_delimiters(data);
  }
  return writer_->add({packet.pts, duration, key, data});
}

Result<TrackChunk> RungEncoder::finish() {
  if (!codec_) return fail(ErrorCode::internal, "No picture reached the encoder.");
  VF_CHECK(flush());
  codec_.reset();
  if (!times_.empty()) return fail(ErrorCode::internal, fmt::format("The encoder lost {} pictures.", times_.size()));
  return writer_->finish();
}

}  // namespace vf::media
