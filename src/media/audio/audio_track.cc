#include "media/audio/audio_track.h"

#include <cmath>

#include <fmt/format.h>

#include "media/audio/audio_encoder.h"
#include "media/audio/loudness.h"
#include "media/audio/tempo.h"

namespace vf::media::audio {
namespace {

// Rates that stay; everything else becomes 48 kHz. Opus knows only 48 kHz.
int rate_for(const std::string& codec, int source_rate) {
  return codec == "aac" && source_rate == 44'100 ? 44'100 : 48'000;
}

void warn(std::vector<Warning>& warnings, bool when, std::string code, std::string message) {
  if (when) warnings.push_back({std::move(code), std::move(message)});
}

std::vector<Warning> explain(const SoundRepairs& r) {
  std::vector<Warning> out;
  warn(out, r.gaps > 0, "audio-gaps",
       fmt::format("The sound had {} gaps ({:.2f} s together); they are silent.", r.gaps, r.gap_seconds));
  warn(out, r.overlaps > 0, "audio-overlaps",
       fmt::format("The sound overlapped itself {} times ({:.2f} s together); the overlaps were cut.", r.overlaps,
                   r.overlap_seconds));
  warn(out, std::abs(r.stretched_seconds) > 0.01, "audio-drift",
       fmt::format("The sound's clock drifted by {:.3f} s; it was resampled to follow the time stamps.",
                   r.stretched_seconds));
  warn(out, r.lost_packets > 0, "audio-damaged",
       fmt::format("{} packets of the sound could not be decoded; they are silent.", r.lost_packets));
  warn(out, r.early_end_seconds > 0.1, "audio-short",
       fmt::format("The sound ends {:.2f} s before the end; the rest is silent.", r.early_end_seconds));
  return out;
}

Result<std::optional<LoudnessInfo>> measure(int fd, const AudioSpec& spec, const SoundFormat& format,
                                            const Progress& progress) {
  auto reader = VF_TRY(AudioReader::create({fd}, spec.stream_index));
  auto meter = VF_TRY(LoudnessMeter::create(format));
  (void)VF_TRY(render_sound(
      reader, format, {spec.start_seconds, spec.duration_seconds},
      [&](const float* const* planes, int samples) { return meter.add(planes, samples); }, progress));
  return meter.result();
}

}  // namespace

int channels_for(int source_channels) { return source_channels == 1 ? 1 : source_channels >= 6 ? 6 : 2; }

std::int64_t default_bit_rate(const std::string& codec, int channels) {
  if (codec == "opus") return channels == 1 ? 64'000 : channels == 2 ? 112'000 : 288'000;
  return channels == 1 ? 80'000 : channels == 2 ? 144'000 : 384'000;
}

Result<AudioTrack> encode_audio_track(int fd, const AudioSpec& spec, int out_fd, const Progress& progress) {
  auto reader = VF_TRY(AudioReader::create({fd}, spec.stream_index));
  const SoundFormat format{rate_for(spec.codec, reader.sample_rate()),
                           spec.channels > 0 ? spec.channels : channels_for(reader.channels())};
  if (format.channels != 1 && format.channels != 2 && format.channels != 6)
    return fail(ErrorCode::invalid_argument, fmt::format("A track has 1, 2 or 6 channels, not {}.", spec.channels));

  AudioTrack track;
  track.gain_db = spec.gain_db;
  // Measuring is a decode and a filter, a fifth of the work of encoding.
  const double measured_share = spec.loudness_lufs ? 0.2 : 0.0;
  if (spec.loudness_lufs) {
    track.source_loudness = VF_TRY(measure(fd, spec, format, [&](double f) {
      if (progress) progress(f * measured_share);
    }));
    if (track.source_loudness) track.gain_db += gain_to_reach(*spec.loudness_lufs, *track.source_loudness);
  }

  const EncoderSettings settings{spec.codec,
                                 spec.bit_rate > 0 ? spec.bit_rate : default_bit_rate(spec.codec, format.channels),
                                 format,
                                 spec.segment_starts,
                                 spec.first_segment_number,
                                 track.gain_db};
  auto encoder = VF_TRY(AudioEncoder::create(settings, out_fd));
  std::optional<Tempo> tempo;
  const SoundSink sink = [&](const float* const* planes, int samples) { return encoder.add(planes, samples); };
  if (spec.tempo) tempo = VF_TRY(Tempo::create(format, *spec.tempo, sink));
  track.repairs = VF_TRY(render_sound(
      reader, format, {spec.start_seconds, spec.duration_seconds},
      [&](const float* const* planes, int samples) {
        return tempo ? tempo->add(planes, samples) : sink(planes, samples);
      },
      [&](double f) {
        if (progress) progress(measured_share + f * (1 - measured_share));
      }));
  if (tempo) VF_CHECK(tempo->finish());
  if (encoder.samples() == 0)
    return fail(ErrorCode::invalid_input, "The sound stream holds no sound in the range that is asked for.");
  track.chunk = VF_TRY(encoder.finish());
  track.chunk.warnings = explain(track.repairs);
  return track;
}

}  // namespace vf::media::audio
