#include "media/cut/edge.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/av/error.h"
#include "media/av/ptr.h"
#include "media/decode/video_reader.h"
#include "media/encode/presets.h"

namespace vf::media::cut {
namespace {

// An edge is short: it may cost bits, and must not be told from what lies beside it.
constexpr double kNearLossless[] = {15, 14, 18, 16};
constexpr int kNever = 1 << 20;

struct MatchRow {
  std::string_view codec;
  std::string_view pixels;  // formats that its encoder takes and its decoders play beside the source
  double quality;           // constant quality on the encoder's scale
  std::string_view speed;   // of presets.h: bits do not matter here, time does
};
constexpr std::array kMatches = std::to_array<MatchRow>({
    {"h264", " yuv420p yuvj420p yuv422p yuvj422p yuv444p yuvj444p yuv420p10le yuv422p10le yuv444p10le ",
     kNearLossless[0], "superfast"},
    {"hevc", " yuv420p yuvj420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le ", kNearLossless[1], "superfast"},
    {"vp9", " yuv420p yuv422p yuv444p ", kNearLossless[2], "default"},
    {"av1", " yuv420p yuv420p10le ", kNearLossless[3], "default"},
});

struct ProfileRow {
  std::string_view libav, x264;
};
constexpr std::array kProfiles = std::to_array<ProfileRow>({
    {"Constrained Baseline", "baseline"},
    {"Baseline", "baseline"},
    {"Main", "main"},
    {"High", "high"},
    {"Constrained High", "high"},
    {"High 10", "high10"},
    {"High 4:2:2", "high422"},
    {"High 4:4:4 Predictive", "high444"},
});

const MatchRow* match_of(std::string_view codec) {
  const auto found = std::ranges::find(kMatches, codec, &MatchRow::codec);
  return found == kMatches.end() ? nullptr : &*found;
}

std::string hex(const std::uint8_t* data, int size) {
  std::string out;
  for (int i = 0; i < size; ++i) out += fmt::format("{:02x}", data[i]);
  return out;
}

struct Dictionary {
  AVDictionary* value = nullptr;
  ~Dictionary() { av_dict_free(&value); }
};

class EdgeEncoder {
 public:
  EdgeEncoder(const EdgeSpec& spec, int fd) : spec_(spec), fd_(fd), packet_(av::make_packet()) {}

  Result<void> add(AVFrame& frame) {
    if (!codec_) VF_CHECK(open(frame));
    frame.pict_type = first_ ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    first_ = false;
    return send(&frame);
  }

  Result<EdgeResult> finish() {
    if (!codec_)
      return fail(ErrorCode::invalid_input,
                  "None of the pictures at the cut can be decoded: the video is damaged there.");
    VF_CHECK(send(nullptr));
    if (out_.packets.empty() || !out_.packets.front().key)
      return fail(ErrorCode::internal, "The encoder did not begin the edge with a key frame.");
    return std::move(out_);
  }

 private:
  Result<void> open(const AVFrame& like);
  Result<void> send(const AVFrame* frame);

  const EdgeSpec& spec_;
  int fd_;
  av::PacketPtr packet_;
  av::CodecPtr codec_;
  EdgeResult out_;
  bool first_ = true;
};

VideoEncoder encoder_of(const EdgeSpec& spec) {
  VideoEncoder out;
  out.codec = spec.codec;
  out.crf = match_of(spec.codec)->quality;
  out.preset = match_of(spec.codec)->speed;
  const std::string no_reorder = spec.reorder ? "" : "bframes=0";
  if (spec.codec == "h264") {
    auto params = fmt::format("sps-id={}", spec.parameter_set);
    if (!no_reorder.empty()) params += ":" + no_reorder;
    out.options["x264-params"] = params;
    if (!spec.profile.empty()) out.options["profile"] = spec.profile;
  }
  if (spec.codec == "hevc" && !no_reorder.empty()) out.options["x265-params"] = no_reorder;
  return out;
}

Result<void> EdgeEncoder::open(const AVFrame& like) {
  const auto settings = VF_TRY(settings_for(encoder_of(spec_), {}, spec_.mastering ? &*spec_.mastering : nullptr));
  const auto* library = avcodec_find_encoder_by_name(settings.encoder.c_str());
  codec_.reset(library ? avcodec_alloc_context3(library) : nullptr);
  if (!codec_ || !packet_)
    return fail(ErrorCode::unsupported_input, fmt::format("This build of libav lacks {}.", settings.encoder));
  auto& c = *codec_;
  c.width = like.width;
  c.height = like.height;
  c.pix_fmt = static_cast<AVPixelFormat>(like.format);
  c.time_base = {static_cast<int>(spec_.time_base.num), static_cast<int>(spec_.time_base.den)};
  if (spec_.frame_rate.valid())
    av_reduce(&c.framerate.num, &c.framerate.den, spec_.frame_rate.num, spec_.frame_rate.den, INT32_MAX);
  c.sample_aspect_ratio = like.sample_aspect_ratio;
  c.color_range = like.color_range;
  c.color_primaries = like.color_primaries;
  c.color_trc = like.color_trc;
  c.colorspace = like.colorspace;
  c.chroma_sample_location = like.chroma_location;
  c.gop_size = c.keyint_min = kNever;
  c.thread_count = 1;
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_BITEXACT;
  Dictionary options;
  for (const auto& [name, value] : settings.options) av_dict_set(&options.value, name.c_str(), value.c_str(), 0);
  if (const int code = avcodec_open2(codec_.get(), library, &options.value); code < 0) {
    codec_.reset();
    return std::unexpected(av::error_from(code, ErrorCode::unsupported_input,
                                          fmt::format("{} does not take the source's pictures.", settings.encoder)));
  }
  if (spec_.codec == "h264" || spec_.codec == "hevc") out_.parameter_sets = hex(c.extradata, c.extradata_size);
  return {};
}

Result<void> EdgeEncoder::send(const AVFrame* frame) {
  int code = avcodec_send_frame(codec_.get(), frame);
  while (code >= 0) {
    code = avcodec_receive_packet(codec_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) break;
    const std::span bytes(packet_->data, static_cast<std::size_t>(packet_->size));
    out_.packets.push_back({packet_->pts, packet_->size, (packet_->flags & AV_PKT_FLAG_KEY) != 0});
    VF_CHECK(write_all(fd_, std::span<const std::uint8_t>(bytes)));
    av_packet_unref(packet_.get());
  }
  return std::unexpected(av::error_from(code, ErrorCode::internal, "Encoding the edge of the clip failed."));
}

}  // namespace

Result<EdgeResult> encode_edge(int source_fd, const EdgeSpec& spec, int out_fd,
                               const std::function<void(double)>& progress) {
  if (!match_of(spec.codec) || !spec.time_base.valid() || spec.start_ticks >= spec.end_ticks)
    return fail(ErrorCode::internal, "The edge of a clip was asked for with a wrong description.");
  auto reader = VF_TRY(VideoReader::create(source_fd, spec.stream_index,
                                           {.start_ticks = spec.start_ticks, .end_ticks = spec.end_ticks}));
  EdgeEncoder encoder(spec, out_fd);
  const auto length = static_cast<double>(spec.end_ticks - spec.start_ticks);
  while (auto* frame = VF_TRY(reader.next())) {
    VF_CHECK(encoder.add(*frame));
    if (progress) progress(static_cast<double>(frame->pts - spec.start_ticks) / length);
  }
  return encoder.finish();
}

std::optional<std::string> why_not_matched(const StreamInfo& stream) {
  const auto* row = match_of(stream.codec);
  if (!row || !stream.video) return fmt::format("{} cannot be encoded to match", stream.codec);
  const auto& v = *stream.video;
  if (!row->pixels.contains(" " + v.pixel_format + " "))
    return fmt::format("{} pictures in {} cannot be encoded to match", stream.codec, v.pixel_format);
  if (v.field_order != "progressive") return "interlaced pictures cannot be encoded to match";
  if (!v.gop.constant_parameter_sets) return "its parameters change on the way";
  if (stream.codec == "h264" && encoder_profile(stream.codec, stream.profile).empty())
    return fmt::format("H.264 of the profile '{}' cannot be encoded to match", stream.profile);
  if (!choose_video_encoder(stream.codec, "medium", "", 0))
    return fmt::format("there is no {} encoder in this build", stream.codec);
  return std::nullopt;
}

std::string encoder_profile(std::string_view codec, const std::string& profile) {
  if (codec != "h264") return {};
  const auto found = std::ranges::find(kProfiles, profile, &ProfileRow::libav);
  return found == kProfiles.end() ? std::string() : std::string(found->x264);
}

}  // namespace vf::media::cut
