// The stages that make pictures and sound, and the ones that prove them.
#include <algorithm>
#include <cmath>

#include "media/encode/video_copy.h"
#include "media/frames/poster.h"
#include "media/frames/storyboard.h"
#include "media/verify/sound.h"
#include "pipeline/plans/transcode_builder.h"
#include "pipeline/stages/audio.h"
#include "pipeline/stages/encode.h"
#include "pipeline/stages/picture_inputs.h"
#include "pipeline/stages/subtitles.h"
#include "pipeline/stages/verify_picture.h"

namespace vf::pipeline {
namespace {

// What somebody waits for, then sound: it is one long stage. Then chunk after chunk, each proven as soon as it is
// there.
constexpr int kSoundPriority = 40;
constexpr int kChunkPriority = 10;
constexpr int kProofPriority = 20;
constexpr int kStillPriority = 30;

std::string chunk_id(std::size_t chunk, const std::string& track) { return fmt::format("{:04}/{}", chunk, track); }

media::Target target_of(const PlannedVideo& video, const media::VideoInfo& source) {
  media::Target target{video.name, video.rung.width, video.rung.height};
  target.through = video.rung.through;
  if (source.color.hdr != "sdr" && (video.codec == "hevc" || video.codec == "av1")) {
    target.keep_hdr = true;
    target.pixel_format = "yuv420p10le";
  }
  return target;
}

}  // namespace

jobs::Stage& TranscodeBuilder::add(jobs::Stage stage) {
  out_.plan.stages.push_back(std::move(stage));
  return out_.plan.stages.back();
}

void TranscodeBuilder::add_probe() { add(probe_stage(source_.info.bytes, false)); }

std::vector<jobs::StageInput> TranscodeBuilder::picture_inputs() const {
  std::vector<jobs::StageInput> inputs;
  for (const auto& name : picture_sources(picture_)) inputs.push_back({name, "", {}});
  return inputs;
}

Footage TranscodeBuilder::footage(const Rung& rung, const Chunk& chunk) const {
  return {static_cast<double>(rung.width) * rung.height, static_cast<double>(chunk.frames),
          seconds_of(chunk.end - chunk.start)};
}

Result<void> TranscodeBuilder::choose_encoders() {
  for (const auto& video : out_.videos) {
    auto encoder =
        VF_TRY(media::choose_video_encoder(video.codec, options_.quality, options_.speed, video.max_bit_rate));
    media::limit_rate(encoder, video.max_bit_rate, out_.duration_seconds, static_cast<int>(out_.cutting.chunks.size()));
    encoders_.push_back(std::move(encoder));
  }
  return {};
}

void TranscodeBuilder::add_video() {
  for (std::size_t chunk = 0; chunk < out_.cutting.chunks.size(); ++chunk) {
    add_encodes(chunk);
    add_copies(chunk);
    if (!head_) add_proofs(chunk);
  }
}

void TranscodeBuilder::add_encodes(std::size_t c) {
  const auto& chunk = out_.cutting.chunks[c];
  const auto& v = *video_->video;
  EncodeParams params;
  params.stream_index = video_->index;
  params.time_base = source_.index.time_base;
  params.origin_ticks = out_.cutting.origin;
  params.start_ticks = chunk.start;
  params.end_ticks = chunk.end;
  params.segment_starts = chunk.segment_starts;
  params.first_segment_number = chunk.first_segment + 1;
  params.timescale = timescale_;
  params.frame_rate = reduced(v.variable_rate ? v.average_rate : v.nominal_rate);
  params.picture = picture_;
  params.mastering = v.color.mastering;
  bool first = true;
  for (std::size_t i = 0; i < out_.videos.size(); ++i) {
    auto& video = out_.videos[i];
    if (video.copied) continue;
    params.rungs = {{target_of(video, v), encoders_[i]}};
    const bool awaited = is_awaited(c, i);
    jobs::Stage stage;
    stage.id = "encode/" + chunk_id(c, video.name);
    stage.kind = "encode";
    stage.group = fmt::format("{:04}{}", c, awaited ? " first" : "");
    stage.params = to_json(params);
    stage.inputs = picture_inputs();
    stage.outputs = 2;
    stage.priority = awaited ? kAwaitedPriority : in_turn(kChunkPriority, c);
    stage.cost =
        encode_cost(video.codec, options_.quality, options_.speed, footage(video.rung, chunk), video.max_bit_rate);
    // The decode is paid once, by the first of the group.
    if (awaited || std::exchange(first, false))
      stage.cost =
          stage.cost + decode_cost({static_cast<double>(v.width) * v.height, static_cast<double>(chunk.frames), 0},
                                   source_.info.bytes);
    video.chunk_stages.push_back(add(std::move(stage)).id);
  }
}

void TranscodeBuilder::add_copies(std::size_t c) {
  const auto& chunk = out_.cutting.chunks[c];
  for (auto& video : out_.videos) {
    if (!video.copied) continue;
    media::CopySpec spec{
        video_->index,
        source_.index.time_base,
        out_.cutting.origin,
        chunk.start,
        chunk.end,
        chunk.segment_starts,
        chunk.first_segment + 1,
        timescale_,
        reduced(video_->video->variable_rate ? video_->video->average_rate : video_->video->nominal_rate)};
    jobs::Stage stage;
    stage.id = "copy/" + chunk_id(c, video.name);
    stage.kind = "copy";
    stage.params = to_json(spec);
    stage.inputs = {{kVideoSource, "", {}}};
    stage.outputs = 2;
    stage.priority = is_awaited(c, 0) ? kAwaitedPriority : in_turn(kChunkPriority + 1, c);
    stage.cost =
        copy_cost(static_cast<std::int64_t>(static_cast<double>(video_->bytes) * static_cast<double>(chunk.frames) /
                                            static_cast<double>(std::max<std::int64_t>(1, video_->video->frames))));
    video.chunk_stages.push_back(add(std::move(stage)).id);
  }
}

void TranscodeBuilder::add_proofs(std::size_t c) {
  const auto& chunk = out_.cutting.chunks[c];
  VerifyPictureParams params;
  params.spec.stream_index = video_->index;
  params.spec.time_base = source_.index.time_base;
  params.spec.origin_ticks = out_.cutting.origin;
  params.spec.start_ticks = chunk.start;
  params.spec.end_ticks = chunk.end;
  params.spec.segment_starts = chunk.segment_starts;
  params.spec.picture = picture_;
  const auto& frames = source_.index.frame_ticks;
  params.spec.frame_ticks.assign(std::ranges::lower_bound(frames, chunk.start),
                                 std::ranges::lower_bound(frames, chunk.end));
  for (std::size_t i = 0; i < out_.videos.size(); ++i) {
    auto& video = out_.videos[i];
    params.target = target_of(video, *video_->video);
    params.target.keep_matrix = video.copied;
    jobs::Stage stage;
    stage.id = "verify-picture/" + chunk_id(c, video.name);
    stage.kind = "verify-picture";
    stage.group = fmt::format("{:04}", c);
    stage.params = to_json(params);
    stage.inputs = picture_inputs();
    stage.inputs.push_back({"", video.chunk_stages.back(), {0, 1}});
    stage.priority = is_awaited(c, i) ? kAwaitedPriority : in_turn(kProofPriority, c);
    stage.cost = verify_cost(footage(video.rung, chunk));
    video.proof_stages.push_back(add(std::move(stage)).id);
  }
}

std::string TranscodeBuilder::unique_name(std::string wanted, const std::vector<std::string>& taken) const {
  if (wanted.empty() || !std::ranges::all_of(wanted, [](unsigned char ch) { return std::isalnum(ch) || ch == '-'; }))
    wanted = "und";
  auto name = wanted;
  for (int i = 2; std::ranges::find(taken, name) != taken.end(); ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

std::vector<double> TranscodeBuilder::audio_segment_starts(double sound_end) const {
  std::vector<double> starts;
  for (const auto& chunk : out_.cutting.chunks)
    for (const auto start : chunk.segment_starts) starts.push_back(seconds_of(start - out_.cutting.origin));
  if (starts.empty()) starts.push_back(0);
  // Sound that outlasts the pictures goes on in segments of the usual length.
  double next = std::max(starts.back(), video_ ? out_.duration_seconds - kSegmentSeconds : 0) + kSegmentSeconds;
  for (; next < sound_end - kSegmentSeconds / 4; next += kSegmentSeconds) starts.push_back(next);
  return starts;
}

media::audio::AudioSpec TranscodeBuilder::audio_spec(const media::StreamInfo& sound) const {
  media::audio::AudioSpec spec;
  spec.stream_index = sound.index;
  spec.start_seconds = out_.start_seconds;
  const double sound_end = sound.start_seconds + sound.duration_seconds - out_.start_seconds;
  if (options_.clip) spec.duration_seconds = std::min(out_.duration_seconds, std::max(sound_end, 0.1));
  spec.segment_starts = audio_segment_starts(options_.clip ? spec.duration_seconds : sound_end);
  spec.loudness_lufs = options_.loudness;
  return spec;
}

void TranscodeBuilder::add_audio() {
  std::vector<std::string> names;
  const bool has_default = std::ranges::any_of(sounds_, [](const auto* s) { return s->is_default; });
  for (const auto* sound : sounds_) {
    const auto fit = fits_.find(sound->index);
    PlannedAudio audio;
    audio.name = unique_name(sound->language, names);
    names.push_back(audio.name);
    audio.file = (head_ ? kHeadPrefix : "") + ("audio_" + audio.name) + ".mp4";
    audio.stream = sound->index;
    audio.language = sound->language.empty() ? "und" : sound->language;
    audio.title = sound->title;
    audio.is_default = has_default ? sound->is_default && std::ranges::none_of(out_.audios, &PlannedAudio::is_default)
                                   : sound == sounds_.front();
    audio.copied = fit != fits_.end() && fit->second.can_copy;
    audio.channels = audio.copied ? sound->audio->channels : media::audio::channels_for(sound->audio->channels);
    decide(sound->index, "audio", audio.copied ? "copy" : "encode", audio.name,
           fit != fits_.end()      ? fit->second.reason
           : options_.loudness     ? "its loudness is changed, as asked"
           : !options_.copy        ? "copying is switched off"
           : sound->codec == "aac" ? std::string("the clip is cut between its packets")
                                   : fmt::format("it is {}, not AAC", sound->codec));
    const auto spec = audio_spec(*sound);
    audio.chunk_stage = add_sound(audio, spec, "audio/" + audio.name, kSoundPriority);
    if (!head_ || !audio.copied) audio.proof_stage = add_sound_proof(audio, spec, audio.chunk_stage, kProofPriority);
    out_.audios.push_back(std::move(audio));
  }
}

const media::StreamInfo& TranscodeBuilder::sound_of(const PlannedAudio& audio) const {
  return **std::ranges::find(sounds_, audio.stream, &media::StreamInfo::index);
}

std::string TranscodeBuilder::add_sound(const PlannedAudio& audio, const media::audio::AudioSpec& spec, std::string id,
                                        int priority) {
  const auto& sound = sound_of(audio);
  const double seconds = spec.duration_seconds > 0 ? spec.duration_seconds : out_.duration_seconds;
  jobs::Stage stage;
  stage.id = std::move(id);
  stage.kind = "audio";
  stage.params = to_json(AudioParams{spec, audio.copied});
  stage.inputs = {{kVideoSource, "", {}}};
  stage.outputs = 2;
  stage.priority = priority;
  stage.cost = audio.copied ? copy_cost(sound.bytes) : audio_cost(seconds, audio.channels);
  return add(std::move(stage)).id;
}

std::string TranscodeBuilder::add_sound_proof(const PlannedAudio& audio, const media::audio::AudioSpec& spec,
                                              const std::string& made_by, int priority) {
  const auto& sound = sound_of(audio);
  const double seconds = spec.duration_seconds > 0 ? spec.duration_seconds : out_.duration_seconds;
  media::verify::SoundSpec proof_spec;
  proof_spec.source_stream = audio.stream;
  proof_spec.start_seconds = out_.start_seconds;
  proof_spec.duration_seconds = spec.duration_seconds;
  proof_spec.loudness_changed = options_.loudness.has_value();
  jobs::Stage proof;
  proof.id = "verify-sound/" + made_by.substr(made_by.find('/') + 1);
  proof.kind = "verify-sound";
  proof.params = to_json(proof_spec);
  proof.inputs = {{kVideoSource, "", {}}, {"", made_by, {1, 0}}};
  proof.priority = priority;
  proof.cost = {0.03 + seconds * 0.002 * sound.audio->channels, 128LL << 20, 0};
  return add(std::move(proof)).id;
}

void TranscodeBuilder::add_subtitles() {
  std::vector<std::string> names;
  for (const auto* text : texts_) {
    PlannedSubtitle subtitle;
    subtitle.name = unique_name(text->language, names);
    names.push_back(subtitle.name);
    subtitle.file = "sub_" + subtitle.name + ".vtt";
    subtitle.stream = text->index;
    subtitle.language = text->language.empty() ? "und" : text->language;
    subtitle.title = text->title;
    subtitle.is_default = text->is_default && std::ranges::none_of(out_.subtitles, &PlannedSubtitle::is_default);
    subtitle.is_forced = text->is_forced;
    decide(text->index, "subtitle", "encode", subtitle.name, fmt::format("{} becomes WebVTT", text->codec));
    SubtitlesParams params;
    params.spec = {text->index, out_.start_seconds, options_.clip ? out_.duration_seconds : 0};
    jobs::Stage stage;
    stage.id = "subtitles/" + subtitle.name;
    stage.kind = "subtitles";
    stage.params = to_json(params);
    stage.inputs = {{kVideoSource, "", {}}};
    stage.outputs = 1;
    stage.priority = kStillPriority;
    stage.cost = copy_cost(source_.info.bytes);
    subtitle.stage = add(std::move(stage)).id;
    out_.subtitles.push_back(std::move(subtitle));
  }
}

void TranscodeBuilder::add_stills() {
  if (!video_) return;
  const auto& v = *video_->video;
  // Stills show the source's pictures: a watermark or burnt text is not part of them.
  auto picture = picture_;
  picture.watermark.reset();
  picture.burn.reset();
  const Footage source{static_cast<double>(v.width) * v.height, 0, 0};
  media::frames::PosterSpec poster;
  poster.stream_index = video_->index;
  poster.picture = picture;
  poster.display_width = v.display_width;
  poster.display_height = v.display_height;
  poster.start_seconds = out_.start_seconds;
  poster.duration_seconds = out_.duration_seconds;
  poster.at_seconds = options_.poster_seconds;
  jobs::Stage stage;
  stage.id = stage.kind = "poster";
  stage.params = to_json(poster);
  stage.inputs = {{kVideoSource, "", {}}, {"", "probe", {0}}};
  stage.outputs = 1;
  stage.priority = kStillPriority;
  stage.cost = key_frame_cost(source, 12);
  add(std::move(stage));

  media::frames::StoryboardSpec board;
  board.stream_index = video_->index;
  board.picture = picture;
  board.display_width = v.display_width;
  board.display_height = v.display_height;
  board.start_seconds = out_.start_seconds;
  board.duration_seconds = out_.duration_seconds;
  jobs::Stage tiles;
  tiles.id = tiles.kind = "storyboard";
  tiles.params = to_json(board);
  tiles.inputs = {{kVideoSource, "", {}}, {"", "probe", {0}}};
  tiles.outputs = 2;
  tiles.priority = kStillPriority;
  tiles.cost = key_frame_cost(source, std::min(100.0, out_.duration_seconds));
  add(std::move(tiles));
}

Result<std::vector<jobs::Stage>> audio_fit_stages(const Inspection& source, const TranscodeOptions& options) {
  std::vector<jobs::Stage> stages;
  if (!options.copy || !options.audio || options.loudness || options.clip) return stages;
  double start = source.info.start_seconds;
  if (const auto* video = source.info.main_video(); video && video->video && !source.index.frame_ticks.empty())
    start = static_cast<double>(source.index.frame_ticks.front()) * source.index.time_base.value();
  for (const auto& stream : source.info.streams) {
    if (stream.kind != "audio" || stream.codec != "aac" || !stream.decodable || stream.packets == 0) continue;
    media::audio::AudioSpec spec;
    spec.stream_index = stream.index;
    spec.start_seconds = start;
    spec.segment_starts = {0};
    jobs::Stage stage;
    stage.id = fmt::format("audio-fit/{}", stream.index);
    stage.kind = "audio-fit";
    stage.params = to_json(spec);
    stage.inputs = {{kVideoSource, "", {}}};
    stage.cost = copy_cost(source.info.bytes);
    stage.priority = kAwaitedPriority;
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace vf::pipeline
