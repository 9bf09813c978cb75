// Copying sound: which packets make the track, and why they may not.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/bsf.h>
}

#include "media/audio/audio_encoder.h"
#include "media/audio/audio_track.h"
#include "media/av/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/package/fragment_writer.h"
#include "media/package/sample_entry.h"

namespace vf::media::audio {
namespace {

using BsfPtr = std::unique_ptr<AVBSFContext, av::FreeByAddress<av_bsf_free>>;

constexpr double kJitterSeconds = 0.012;  // containers that count milliseconds, and a little more
constexpr double kEdgeSeconds = 0.040;    // the sound may start late or end early by so much
constexpr int kMaxPacketBytes = 1 << 16;

struct ParametersFree {
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
};

using ParametersPtr = std::unique_ptr<AVCodecParameters, ParametersFree>;

// A packet on its way: where it is heard, in samples from the track's start.
struct CopyPacket {
  std::int64_t position = 0;
  int samples = 0;
  const std::uint8_t* data = nullptr;
  int size = 0;
};

// Reads the packets of a stream in the form MP4 wants, counted in samples. A refusal is a sentence.
class CopyReader {
 public:
  static Result<std::unique_ptr<CopyReader>> create(int fd, const AudioSpec& spec) {
    av::InputOptions options;
    options.parts = {fd};
    auto input = VF_TRY(av::Input::open(fd, options));
    auto* stream = input.stream(spec.stream_index);
    if (!stream || stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
      return fail(ErrorCode::invalid_argument, fmt::format("Stream {} is not a sound stream.", spec.stream_index));
    auto* context = input.get();
    for (unsigned i = 0; i < context->nb_streams; ++i)
      context->streams[i]->discard = static_cast<int>(i) == spec.stream_index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    auto reader = std::unique_ptr<CopyReader>(new CopyReader(std::move(input), stream, spec));
    VF_CHECK(reader->open());
    return reader;
  }

  const std::string& refusal() const { return refusal_; }
  // With ADTS the configuration arrives with the first packet: ask after it.
  Result<ParametersPtr> parameters() const {
    ParametersPtr out(avcodec_parameters_alloc());
    if (!out || avcodec_parameters_copy(out.get(), stream_->codecpar) < 0)
      return fail(ErrorCode::no_memory, "There is not enough memory to copy the sound.");
    if (configuration_.empty()) return out;
    av_freep(&out->extradata);
    out->extradata = static_cast<std::uint8_t*>(av_mallocz(configuration_.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!out->extradata) return fail(ErrorCode::no_memory, "There is not enough memory to copy the sound.");
    std::ranges::copy(configuration_, out->extradata);
    out->extradata_size = static_cast<int>(configuration_.size());
    return out;
  }
  int rate() const { return rate_; }
  // Samples in front of the start that a decoder needs to be exact there.
  int lead() const { return lead_; }

  // The next packet; an empty optional at the end, or when `refusal` says why it cannot go on.
  Result<std::optional<CopyPacket>> next() {
    for (;;) {
      if (!refusal_.empty()) return std::nullopt;
      av_packet_unref(packet_.get());
      if (!VF_TRY(input_.read(packet_.get()))) return std::nullopt;
      if (packet_->stream_index != stream_->index || packet_->size == 0) continue;
      if (packet_->pts == AV_NOPTS_VALUE) return refuse("its packets carry no time stamps");
      if (packet_->size > kMaxPacketBytes) return refuse("it has a packet of impossible size");
      if (changes_configuration()) return refuse("its configuration changes on the way");
      const auto at = rescale(packet_->pts, time_base_, {1, rate_}) - origin_;
      if (bsf_) {
        if (av_bsf_send_packet(bsf_.get(), packet_.get()) < 0 || av_bsf_receive_packet(bsf_.get(), packet_.get()) < 0)
          return refuse("it is damaged");
        keep_configuration();
      }
      const auto samples = samples_of_packet();
      if (samples <= 0) return refuse("it is damaged");
      return CopyPacket{at, samples, packet_->data, packet_->size};
    }
  }

 private:
  CopyReader(av::Input input, AVStream* stream, const AudioSpec& spec)
      : input_(std::move(input)), stream_(stream), time_base_{stream->time_base.num, stream->time_base.den} {
    const auto* p = stream->codecpar;
    rate_ = p->codec_id == AV_CODEC_ID_OPUS ? 48'000 : p->sample_rate;
    origin_ = std::llround(spec.start_seconds * rate_);
  }

  Result<void> open() {
    const auto* p = stream_->codecpar;
    if (p->codec_id == AV_CODEC_ID_AAC) {
      if (p->profile != FF_PROFILE_AAC_LOW) {
        refusal_ = "it is not AAC-LC";
        return {};
      }
      if (p->frame_size != 0 && p->frame_size != 1024) {
        refusal_ = "its AAC frames are not 1024 samples long";
        return {};
      }
      lead_ = 1024;
      if (p->extradata_size == 0) VF_CHECK(open_filter());
    } else if (p->codec_id == AV_CODEC_ID_OPUS) {
      if (p->extradata_size < 19) refusal_ = "its Opus header is missing";
      lead_ = 3840;  // Opus converges within 80 ms (RFC 7845 4.6)
    } else {
      refusal_ = fmt::format("{} is not carried by the streaming set", avcodec_get_name(p->codec_id));
    }
    if (refusal_.empty() && (p->sample_rate <= 0 || p->ch_layout.nb_channels < 1 || p->ch_layout.nb_channels > 6))
      refusal_ = "its channel layout is not one that players know";
    return {};
  }

  // ADTS headers become an AudioSpecificConfig, which appears with the first packet.
  Result<void> open_filter() {
    const auto* filter = av_bsf_get_by_name("aac_adtstoasc");
    AVBSFContext* raw = nullptr;
    int code = filter ? av_bsf_alloc(filter, &raw) : AVERROR_BSF_NOT_FOUND;
    bsf_.reset(raw);
    if (code >= 0) code = avcodec_parameters_copy(raw->par_in, stream_->codecpar);
    if (code >= 0) {
      raw->time_base_in = stream_->time_base;
      code = av_bsf_init(raw);
    }
    if (code < 0)
      return std::unexpected(av::error_from(code, ErrorCode::internal, "Preparing to copy the sound failed."));
    return {};
  }

  std::nullopt_t refuse(std::string reason) {
    refusal_ = std::move(reason);
    return std::nullopt;
  }

  bool changes_configuration() const {
    std::size_t size = 0;
    const auto* data = av_packet_get_side_data(packet_.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
    const auto* p = stream_->codecpar;
    return data && (size != static_cast<std::size_t>(p->extradata_size) || std::memcmp(data, p->extradata, size) != 0);
  }

  void keep_configuration() {
    std::size_t size = 0;
    const auto* data = av_packet_get_side_data(packet_.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
    if (data && configuration_.empty()) configuration_.assign(data, data + size);
  }

  // Samples one packet decodes to. An Opus packet says it in its first byte (RFC 6716 3.1).
  int samples_of_packet() const {
    if (stream_->codecpar->codec_id != AV_CODEC_ID_OPUS) return packet_->size > 0 ? 1024 : 0;
    const int toc = packet_->data[0];
    const int config = toc >> 3;
    const int frame = config < 12   ? std::array{480, 960, 1920, 2880}[config & 3]
                      : config < 16 ? std::array{480, 960}[config & 1]
                                    : 120 << (config & 3);
    const int kind = toc & 3;
    const int frames = kind == 0 ? 1 : kind < 3 ? 2 : packet_->size > 1 ? packet_->data[1] & 63 : 0;
    return frame * frames;
  }

  av::Input input_;
  AVStream* stream_;
  Rational time_base_;
  BsfPtr bsf_;
  std::vector<std::uint8_t> configuration_;
  av::PacketPtr packet_ = av::make_packet();
  int rate_ = 0;
  int lead_ = 0;
  std::int64_t origin_ = 0;
  std::string refusal_;
};

struct CopyPlan {
  std::string refusal;            // empty: it can be copied
  std::int64_t first_packet = 0;  // number of the first packet that is copied
  std::int64_t packets = 0;
  std::int64_t priming = 0;  // samples before the track's start
  std::int64_t late = 0;     // samples of nothing before the first packet
  std::int64_t samples = 0;  // of media, priming included; the last packet may be longer
};

std::string refuse_range(const CopyPlan& plan, std::int64_t end, std::int64_t total, int rate) {
  const auto seconds = [&](std::int64_t samples) { return static_cast<double>(samples) / rate; };
  if (plan.packets == 0) return "there is no sound in the range";
  if (seconds(plan.late) > kEdgeSeconds)
    return fmt::format("it starts {:.0f} ms after the picture", seconds(plan.late) * 1000);
  if (total > 0 && seconds(total - end) > kEdgeSeconds)
    return fmt::format("it ends {:.0f} ms before the picture", seconds(total - end) * 1000);
  return {};
}

// Walks all packets once: which of them make the track, or why they cannot.
Result<CopyPlan> plan_copy(int fd, const AudioSpec& spec) {
  CopyPlan plan;
  if (spec.gain_db != 0 || spec.loudness_lufs) {
    plan.refusal = "its loudness is to be changed";
    return plan;
  }
  auto reader = VF_TRY(CopyReader::create(fd, spec));
  const auto rate = reader->rate();
  const auto total = rate > 0 ? samples_in(spec.duration_seconds, rate) : 0;
  const std::int64_t lead = reader->lead();
  std::int64_t number = 0;
  std::int64_t start = 0;  // position of the first packet copied
  std::int64_t ideal = 0;  // position of the next one, counted from the first
  std::int64_t end = 0;
  for (;; ++number) {
    const auto packet = VF_TRY(reader->next());
    if (!packet) break;
    if (packet->position + packet->samples <= -lead) continue;
    if (total > 0 && packet->position >= total) break;
    if (plan.packets == 0) {
      plan.first_packet = number;
      start = ideal = packet->position;
    }
    if (const double off = static_cast<double>(packet->position - ideal) / rate; std::abs(off) > kJitterSeconds) {
      plan.refusal = fmt::format("it has {} of {:.0f} ms at {:.2f} s", off > 0 ? "a gap" : "an overlap",
                                 std::abs(off) * 1000, static_cast<double>(packet->position) / rate);
      return plan;
    }
    ideal += packet->samples;
    end = ideal;
    ++plan.packets;
  }
  plan.refusal = reader->refusal();
  if (!plan.refusal.empty()) return plan;
  plan.priming = std::max<std::int64_t>(0, -start);
  plan.late = std::max<std::int64_t>(0, start);
  plan.refusal = refuse_range(plan, end, total, rate);
  if (total > 0) end = std::min(end, total);
  plan.samples = end - start;
  return plan;
}

}  // namespace

Result<AudioCopyDecision> can_copy_audio(int fd, const AudioSpec& spec) {
  const auto plan = VF_TRY(plan_copy(fd, spec));
  if (plan.refusal.empty()) return AudioCopyDecision{true, "The sound fits as it is: it is copied."};
  return AudioCopyDecision{false, fmt::format("The sound is encoded because {}.", plan.refusal)};
}

Result<AudioTrack> copy_audio_track(int fd, const AudioSpec& spec, int out_fd, const Progress& progress) {
  const auto plan = VF_TRY(plan_copy(fd, spec));
  if (!plan.refusal.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("The sound cannot be copied: {}.", plan.refusal));
  auto reader = VF_TRY(CopyReader::create(fd, spec));
  const int rate = reader->rate();
  SegmentCutter cutter(spec.segment_starts, rate, plan.priming);
  std::optional<FragmentWriter> writer;
  std::int64_t media_time = plan.late;
  const auto media_end = plan.late + plan.samples;
  for (std::int64_t number = 0; number < plan.first_packet + plan.packets; ++number) {
    const auto packet = VF_TRY(reader->next());
    if (!packet) return fail(ErrorCode::invalid_input, "The sound changed while it was copied.", reader->refusal());
    if (number < plan.first_packet) continue;
    if (!writer) {
      const auto parameters = VF_TRY(reader->parameters());
      auto format = VF_TRY(make_track_format(*parameters, rate));
      writer = VF_TRY(FragmentWriter::create(out_fd, std::move(format), spec.first_segment_number));
    }
    if (cutter.begins_segment(media_time)) VF_CHECK(writer->end_segment());
    const auto duration = std::min<std::int64_t>(packet->samples, media_end - media_time);
    VF_CHECK(writer->add({.pts = media_time,
                          .duration = std::max<std::int64_t>(duration, 1),
                          .key = true,
                          .data = {packet->data, static_cast<std::size_t>(packet->size)}}));
    media_time += packet->samples;
    if (progress) progress(static_cast<double>(number + 1) / static_cast<double>(plan.first_packet + plan.packets));
  }
  AudioTrack track;
  track.chunk = VF_TRY(writer->finish());
  track.chunk.priming = plan.priming;
  return track;
}

}  // namespace vf::media::audio
