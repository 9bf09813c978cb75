#include "media/audio/tempo.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "media/av/error.h"
#include "media/av/ptr.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace vf::media::audio {
namespace {

constexpr double kSlowest = 0.1, kFastest = 10;
// One atempo does this much well; more is done by several in a row.
constexpr double kOneStepSlow = 0.5, kOneStepFast = 2.0;
constexpr int kPlanes = 8;

const char* layout_of(int channels) { return channels == 1 ? "mono" : channels == 2 ? "stereo" : "5.1"; }

std::unexpected<Error> fault(int code) {
  return std::unexpected(av::error_from(code, ErrorCode::internal, "The sound's tempo could not be changed."));
}

}  // namespace

struct Tempo::State {
  SoundFormat format;
  double tempo = 1;
  const SoundSink* sink = nullptr;
  av::FilterGraphPtr graph{avfilter_graph_alloc()};
  AVFilterContext* source = nullptr;
  AVFilterContext* last = nullptr;
  av::FramePtr frame = av::make_frame();
  std::int64_t taken = 0;
  std::int64_t given = 0;

  std::int64_t due() const { return std::llround(static_cast<double>(taken) / tempo); }

  Result<void> build() {
    if (!graph || !frame) return fail(ErrorCode::no_memory, "There is not enough memory to change the sound's tempo.");
    graph->nb_threads = 1;
    const auto in = fmt::format("sample_rate={0}:sample_fmt=fltp:channel_layout={1}:time_base=1/{0}",
                                format.sample_rate, layout_of(format.channels));
    int code =
        avfilter_graph_create_filter(&source, avfilter_get_by_name("abuffer"), "in", in.c_str(), nullptr, graph.get());
    last = source;
    const auto append = [&](const char* filter, const char* options) {
      AVFilterContext* next = nullptr;
      if (code >= 0)
        code =
            avfilter_graph_create_filter(&next, avfilter_get_by_name(filter), nullptr, options, nullptr, graph.get());
      if (code >= 0) code = avfilter_link(last, 0, next, 0);
      if (code >= 0) last = next;
    };
    for (double rest = tempo; std::abs(rest - 1) > 1e-9;) {
      const double step = std::clamp(rest, kOneStepSlow, kOneStepFast);
      append("atempo", fmt::format("tempo={:.9f}", step).c_str());
      rest /= step;
    }
    append("aformat", "sample_fmts=fltp");
    append("abuffersink", nullptr);
    if (code >= 0) code = avfilter_graph_config(graph.get(), nullptr);
    return code < 0 ? Result<void>(fault(code)) : Result<void>();
  }

  Result<void> drain() {
    for (;;) {
      const int code = av_buffersink_get_frame(last, frame.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
      if (code < 0) return fault(code);
      // The filter rounds in windows: never more than is due in the end.
      const auto room = finished ? due() - given : INT64_MAX;
      const auto count = static_cast<int>(std::min<std::int64_t>(frame->nb_samples, room));
      if (count > 0) VF_CHECK((*sink)(reinterpret_cast<const float* const*>(frame->extended_data), count));
      given += count;
      av_frame_unref(frame.get());
    }
  }
  bool finished = false;
};

Tempo::Tempo(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tempo::Tempo(Tempo&&) noexcept = default;
Tempo& Tempo::operator=(Tempo&&) noexcept = default;
Tempo::~Tempo() = default;

Result<Tempo> Tempo::create(const SoundFormat& format, double tempo, const SoundSink& sink) {
  if (!(tempo >= kSlowest && tempo <= kFastest))
    return fail(ErrorCode::invalid_argument, fmt::format("The tempo goes from {} to {}.", kSlowest, kFastest));
  auto state = std::make_unique<State>();
  state->format = format;
  state->tempo = tempo;
  state->sink = &sink;
  VF_CHECK(state->build());
  return Tempo(std::move(state));
}

Result<void> Tempo::add(const float* const* planes, int samples) {
  auto& s = *state_;
  auto in = av::make_frame();
  if (!in) return fail(ErrorCode::no_memory, "There is not enough memory to change the sound's tempo.");
  in->format = AV_SAMPLE_FMT_FLTP;
  in->sample_rate = s.format.sample_rate;
  in->nb_samples = samples;
  in->pts = s.taken;
  const AVChannelLayout layouts[] = {AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO, AV_CHANNEL_LAYOUT_5POINT1};
  av_channel_layout_copy(&in->ch_layout, &layouts[s.format.channels == 6 ? 2 : s.format.channels - 1]);
  if (const int code = av_frame_get_buffer(in.get(), 0); code < 0) return fault(code);
  for (int c = 0; c < s.format.channels; ++c)
    std::copy_n(planes[c], samples, reinterpret_cast<float*>(in->extended_data[c]));
  s.taken += samples;
  if (const int code = av_buffersrc_add_frame(s.source, in.get()); code < 0) return fault(code);
  return s.drain();
}

Result<void> Tempo::finish() {
  auto& s = *state_;
  s.finished = true;
  if (const int code = av_buffersrc_add_frame(s.source, nullptr); code < 0) return fault(code);
  VF_CHECK(s.drain());
  static constexpr std::array<float, 4096> kSilence{};
  std::array<const float*, kPlanes> planes{};
  planes.fill(kSilence.data());
  while (s.given < s.due()) {
    const auto count = static_cast<int>(std::min<std::int64_t>(kSilence.size(), s.due() - s.given));
    VF_CHECK((*s.sink)(planes.data(), count));
    s.given += count;
  }
  return {};
}

}  // namespace vf::media::audio
