#include "pipeline/plans/file_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "media/verify/sound.h"
#include "pipeline/stages/audio.h"
#include "pipeline/stages/encode.h"
#include "pipeline/stages/picture_inputs.h"
#include "pipeline/stages/stitch.h"
#include "pipeline/stages/subtitles.h"
#include "pipeline/stages/verify_picture.h"

namespace vf::pipeline {
namespace {

constexpr int kSoundPriority = 40;
constexpr int kChunkPriority = 10;
constexpr int kJoinPriority = 50;
constexpr jobs::StageCost kPaperwork{0.02, 64LL << 20, 4LL << 20};

// All chunks as one, with the segments of all.
void join_chunks(Cutting& cutting) {
  auto& first = cutting.chunks.front();
  for (std::size_t c = 1; c < cutting.chunks.size(); ++c) {
    const auto& next = cutting.chunks[c];
    first.end = next.end;
    first.frames += next.frames;
    first.segment_starts.insert(first.segment_starts.end(), next.segment_starts.begin(), next.segment_starts.end());
  }
  cutting.chunks.resize(1);
}

}  // namespace

media::PictureSpec upright(const media::StreamInfo& video) {
  const auto& v = *video.video;
  media::PictureSpec out;
  out.rotation = v.rotation;
  out.mirrored = v.mirrored;
  out.sample_aspect = v.sample_aspect;
  if (v.field_order == "top-first") out.deinterlace = media::Deinterlace::top_first;
  if (v.field_order == "bottom-first") out.deinterlace = media::Deinterlace::bottom_first;
  return out;
}

void FileBuilder::set_range(const FileRange& range) {
  range_ = range;
  file_.time_base = range.base;
  file_.origin = range.origin;
  file_.end = range.end;
}

double FileBuilder::seconds_of(std::int64_t ticks) const { return static_cast<double>(ticks) * range_.base.value(); }

double FileBuilder::start_seconds() const { return seconds_of(range_.origin); }

double FileBuilder::duration_seconds() const {
  if (range_.end != INT64_MAX) return seconds_of(range_.end - range_.origin);
  if (!source_.index.frame_ticks.empty()) return seconds_of(source_.index.end_ticks - range_.origin);
  return source_.info.start_seconds + source_.info.duration_seconds - start_seconds();
}

std::vector<std::int64_t> FileBuilder::shown() const {
  const auto& all = source_.index.frame_ticks;
  return {std::ranges::lower_bound(all, range_.origin), std::ranges::lower_bound(all, range_.end)};
}

jobs::Stage& FileBuilder::add(jobs::Stage stage) {
  plan_.stages.push_back(std::move(stage));
  return plan_.stages.back();
}

int FileBuilder::input(jobs::StageInput input) {
  inputs_.push_back(std::move(input));
  return static_cast<int>(inputs_.size()) - 1;
}

void FileBuilder::decide(int stream, std::string kind, std::string action, std::string target, std::string reason) {
  decisions_.push_back({stream, std::move(kind), std::move(action), std::move(target), std::move(reason)});
}

bool FileBuilder::decided(int stream) const {
  return std::ranges::find(decisions_, stream, &Decision::stream) != decisions_.end();
}

// Held against the source, scaled as it was for the encoder; pictures that effects changed, or that were left
// out, cannot be.
void FileBuilder::prove_pictures(const media::StreamInfo& video, const PictureWishes& wishes, const Chunk& chunk,
                                 std::int64_t origin, const std::string& made) {
  if (wishes.effects || wishes.fps_limit.valid()) return;
  VerifyPictureParams params;
  params.spec.stream_index = video.index;
  params.spec.time_base = source_.index.time_base;
  params.spec.origin_ticks = origin;
  params.spec.start_ticks = chunk.start;
  params.spec.end_ticks = chunk.end;
  params.spec.segment_starts = chunk.segment_starts;
  params.spec.picture = wishes.picture;
  const auto& frames = source_.index.frame_ticks;
  params.spec.frame_ticks.assign(std::ranges::lower_bound(frames, chunk.start),
                                 std::ranges::lower_bound(frames, chunk.end));
  params.target = wishes.target;
  jobs::Stage stage;
  stage.id = "verify-picture/" + made.substr(made.find('/') + 1);
  stage.kind = "verify-picture";
  stage.params = to_json(params);
  for (const auto& name : picture_sources(wishes.picture)) stage.inputs.push_back({name, "", {}});
  stage.inputs.push_back({"", made, {0, 1}});
  stage.priority = 2 * kChunkPriority;
  stage.cost = verify_cost(
      {static_cast<double>(wishes.target.width) * wishes.target.height, static_cast<double>(chunk.frames), 0});
  proofs_.push_back(add(std::move(stage)).id);
}

Result<void> FileBuilder::add_encoded_video(const media::StreamInfo& video, const PictureWishes& wishes) {
  const auto& v = *video.video;
  auto cutting = cut(source_.index, range_.origin, range_.end, false);
  if (wishes.one_chunk) join_chunks(cutting);
  EncodeParams params;
  params.stream_index = video.index;
  params.time_base = source_.index.time_base;
  params.origin_ticks = cutting.origin;
  params.timescale = timescale_for(source_.index.time_base);
  params.frame_rate = reduced(v.variable_rate ? v.average_rate : v.nominal_rate);
  params.fps_limit = wishes.fps_limit;
  params.picture = wishes.picture;
  params.mastering = v.color.mastering;
  params.effects = wishes.effects;
  params.rungs = {{wishes.target, wishes.encoder}};
  std::vector<std::string> chunks;
  for (std::size_t c = 0; c < cutting.chunks.size(); ++c) {
    const auto& chunk = cutting.chunks[c];
    params.start_ticks = chunk.start;
    params.end_ticks = chunk.end;
    params.segment_starts = chunk.segment_starts;
    params.first_segment_number = chunk.first_segment + 1;
    jobs::Stage stage;
    stage.id = fmt::format("encode/{:04}", c);
    stage.kind = "encode";
    stage.params = to_json(params);
    for (const auto& name : picture_sources(wishes.picture)) stage.inputs.push_back({name, "", {}});
    stage.outputs = 2;
    stage.priority = kChunkPriority;
    const Footage made{static_cast<double>(wishes.target.width) * wishes.target.height,
                       static_cast<double>(chunk.frames), seconds_of(chunk.end - chunk.start)};
    const Footage read{static_cast<double>(v.width) * v.height, static_cast<double>(chunk.frames), 0};
    constexpr double kBitsAPixel = 0.4;  // far above what is usual: bounds the bytes
    const auto rate = static_cast<std::int64_t>(made.pixels * made.frames / std::max(0.04, made.seconds) * kBitsAPixel);
    stage.cost = encode_cost(wishes.encoder.codec, wishes.quality, wishes.speed_name, made, rate) +
                 decode_cost(read, source_.info.bytes);
    chunks.push_back(add(std::move(stage)).id);
    prove_pictures(video, wishes, chunk, cutting.origin, chunks.back());
  }
  jobs::Stage join;
  join.id = "stitch/video";
  join.kind = "stitch";
  join.params = to_json(StitchParams{});
  for (const auto& chunk : chunks) join.inputs.push_back({"", chunk, {}});
  join.outputs = 1;
  join.priority = kJoinPriority;
  join.cost = kPaperwork;
  const auto header = add(std::move(join)).id;
  media::mux::MuxTrack track;
  track.from = media::mux::TrackFrom::track;
  track.stream = video.index;
  track.first_input = input({"", header, {0}});
  for (const auto& chunk : chunks) input({"", chunk, {0}});
  track.inputs = 1 + static_cast<int>(chunks.size());
  add_track(std::move(track));
  return {};
}

void FileBuilder::encode_sound(const media::StreamInfo& sound, const SoundWishes& wishes, std::string reason) {
  const std::string codec(container_.make_audio);
  decide(sound.index, "audio", "encode", codec, std::move(reason));
  AudioParams params;
  params.spec.stream_index = sound.index;
  params.spec.codec = codec;
  params.spec.start_seconds = start_seconds();
  params.spec.segment_starts = {0};
  params.spec.gain_db = wishes.gain_db;
  params.spec.loudness_lufs = wishes.loudness_lufs;
  const bool same_speed = wishes.speed.num == wishes.speed.den;
  if (!same_speed) params.spec.tempo = wishes.speed.value();
  const double sound_end = sound.start_seconds + sound.duration_seconds - start_seconds();
  const double length = range_.end == INT64_MAX ? sound_end : std::min(duration_seconds(), sound_end);
  if (range_.end != INT64_MAX) params.spec.duration_seconds = std::max(length, 0.1);
  for (double at = kSegmentSeconds; at < length / wishes.speed.value(); at += kSegmentSeconds)
    params.spec.segment_starts.push_back(at);
  jobs::Stage stage;
  stage.id = fmt::format("audio/{}", sound.index);
  stage.kind = "audio";
  stage.params = to_json(params);
  stage.inputs = {{kVideoSource, "", {}}};
  stage.outputs = 2;
  stage.priority = kSoundPriority;
  stage.cost = audio_cost(std::max(1.0, length), sound.audio ? sound.audio->channels : 2);
  media::mux::MuxTrack track;
  track.from = media::mux::TrackFrom::track;
  track.stream = sound.index;
  track.inputs = 1;
  const auto made = add(std::move(stage)).id;
  track.first_input = input({"", made, {1, 0}});
  add_track(std::move(track));
  if (!same_speed) return;  // another tempo is another sound
  media::verify::SoundSpec proof;
  proof.source_stream = sound.index;
  proof.start_seconds = params.spec.start_seconds;
  proof.duration_seconds = params.spec.duration_seconds;
  proof.loudness_changed = wishes.changed();
  jobs::Stage check;
  check.id = fmt::format("verify-sound/{}", sound.index);
  check.kind = "verify-sound";
  check.params = to_json(proof);
  check.inputs = {{kVideoSource, "", {}}, {"", made, {1, 0}}};
  check.priority = 2 * kChunkPriority;
  check.cost = {0.03 + std::max(1.0, length) * 0.004, 128LL << 20, 0};
  proofs_.push_back(add(std::move(check)).id);
}

Result<void> FileBuilder::add_sound(const SoundWishes& wishes) {
  for (const auto& sound : source_.info.streams) {
    if (sound.kind != "audio") continue;
    const bool fits = media::mux::holds(container_.audio, sound.codec);
    if (sound.packets == 0) {
      decide(sound.index, "audio", "drop", "", "it holds no sound");
    } else if (fits && !wishes.changed()) {
      decide(sound.index, "audio", "copy", sound.codec, "it is kept as it is");
      media::mux::MuxTrack track;
      track.stream = sound.index;
      add_track(std::move(track));
    } else if (!sound.decodable) {
      decide(sound.index, "audio", "drop", "",
             fmt::format("its codec '{}' is neither read nor held by {}", sound.codec, container_.name));
    } else {
      encode_sound(sound, wishes,
                   wishes.changed() ? "it is changed, as asked"
                                    : fmt::format("{} does not hold {}", container_.name, sound.codec));
    }
  }
  return {};
}

void FileBuilder::convert_text(const media::StreamInfo& text) {
  decide(text.index, "subtitle", "encode", std::string(container_.text),
         fmt::format("{} becomes {}, which {} holds", text.codec, container_.text, container_.name));
  SubtitlesParams params;
  params.spec = {text.index, start_seconds(), range_.end == INT64_MAX ? 0 : duration_seconds()};
  jobs::Stage stage;
  stage.id = fmt::format("subtitles/{}", text.index);
  stage.kind = "subtitles";
  stage.params = to_json(params);
  stage.inputs = {{kVideoSource, "", {}}};
  stage.outputs = 1;
  stage.priority = kSoundPriority;
  stage.cost = copy_cost(source_.info.bytes);
  media::mux::MuxTrack track;
  track.from = media::mux::TrackFrom::text;
  track.stream = text.index;
  track.text_codec = container_.text;
  track.inputs = 1;
  track.first_input = input({"", add(std::move(stage)).id, {0}});
  add_track(std::move(track));
}

void FileBuilder::add_subtitles(std::optional<int> burnt) {
  for (const auto& stream : source_.info.streams) {
    if (stream.kind != "subtitle" || stream.index == burnt) continue;
    if (stream.packets == 0) {
      decide(stream.index, "subtitle", "drop", "", "it holds nothing");
    } else if (media::mux::holds(container_.subtitles, stream.codec)) {
      decide(stream.index, "subtitle", "copy", stream.codec, "it is kept as it is");
      media::mux::MuxTrack track;
      track.stream = stream.index;
      add_track(std::move(track));
    } else if (stream.text_subtitle && !container_.text.empty()) {
      convert_text(stream);
    } else {
      decide(stream.index, "subtitle", "drop", "",
             fmt::format("{} does not hold {} subtitles", container_.name, stream.codec));
    }
  }
}

void FileBuilder::add_chapters() {
  const double start = start_seconds();
  const double length = duration_seconds();
  const double speed = file_.speed.value();
  for (const auto& chapter : source_.info.chapters) {
    const double from = std::max(0.0, chapter.start_seconds - start);
    const double to = std::min(length, chapter.end_seconds - start);
    // A hair of a neighbour is not a chapter of this file.
    constexpr double kShortest = 0.05;
    if (to - from > kShortest) file_.chapters.push_back({from / speed, to / speed, chapter.title});
  }
}

void FileBuilder::decide_the_rest() {
  for (const auto& stream : source_.info.streams) {
    if (decided(stream.index)) continue;
    if (stream.kind == "attachment" && container_.attachments) {
      decide(stream.index, stream.kind, "copy", stream.codec, "it is kept as it is");
      continue;
    }
    std::string reason = fmt::format("{} has no place for it", container_.name);
    if (stream.kind == "video") reason = "only the main video is used";
    if (stream.kind == "cover") reason = "cover pictures are left out";
    if (stream.kind == "data") reason = "players have no use for it";
    decide(stream.index, stream.kind, "drop", "", reason);
  }
}

std::string FileBuilder::prove(const media::verify::FileSpec& spec, const std::string& file_stage) {
  jobs::Stage stage;
  stage.id = stage.kind = "verify-file";
  stage.params = to_json(spec);
  stage.inputs = {{kVideoSource, "", {}}, {"", "probe", {0}}, {"", file_stage, {0}}};
  for (const auto& proof : proofs_) stage.inputs.push_back({"", proof, {}});
  stage.priority = kJoinPriority;
  stage.cost = {0.5, 256LL << 20, 0};
  return add(std::move(stage)).id;
}

Result<std::string> FileBuilder::finish() {
  if (file_.tracks.empty())
    return fail(
        ErrorCode::unsupported_input,
        fmt::format("There is neither a picture nor a sound in this file that {} could hold.", container_.name));
  jobs::Stage stage;
  stage.id = stage.kind = "mux";
  stage.params = to_json(file_);
  stage.inputs = inputs_;
  stage.outputs = 1;
  stage.priority = kJoinPriority;
  stage.cost = copy_cost(source_.info.bytes + (64LL << 20));
  return add(std::move(stage)).id;
}

}  // namespace vf::pipeline
