// What can be watched while the set is made: after the first chunk its lowest rendition, after later ones all of
// them, as far as they are proven.
#include <algorithm>
#include <set>

#include "pipeline/plans/transcode_builder.h"

namespace vf::pipeline {
namespace {

// The headers of all chunks so far are written anew at each step: ever fewer steps keep that from growing with
// the square of the film's length.
constexpr std::size_t kEveryChunkUpTo = 8;
// A film of this length is heard in whole before a beginning of its sound would have been made.
constexpr double kShortFilmSeconds = 20;
// Sound behind the last segment that is shown of a beginning, so that its end is where it would be anyway.
constexpr double kSoundBehind = kSegmentSeconds;

double longest_segment(const Cutting& cutting, double tick) {
  std::int64_t longest = 0;
  for (const auto& chunk : cutting.chunks)
    for (std::size_t i = 0; i < chunk.segment_starts.size(); ++i) {
      const auto end = i + 1 < chunk.segment_starts.size() ? chunk.segment_starts[i + 1] : chunk.end;
      longest = std::max(longest, end - chunk.segment_starts[i]);
    }
  return static_cast<double>(longest) * tick;
}

}  // namespace

bool TranscodeBuilder::grows() const { return watched_since_ && video_ && !key_ && out_.cutting.chunks.size() > 1; }

int TranscodeBuilder::in_turn(int priority, std::size_t chunk) const {
  return grows() ? priority - static_cast<int>(chunk) : priority;
}

// The last one of the first codec; the list begins with the best.
std::size_t TranscodeBuilder::lowest() const {
  std::size_t last = 0;
  for (std::size_t i = 0; i < out_.videos.size(); ++i)
    if (out_.videos[i].codec == out_.videos.front().codec) last = i;
  return last;
}

bool TranscodeBuilder::is_awaited(std::size_t chunk, std::size_t video) const {
  return grows() && chunk == 0 && video == lowest();
}

// The beginning of a sound track, made by itself. Its segments are those of the whole track.
TranscodeBuilder::FirstSound TranscodeBuilder::add_first_sound(const PlannedAudio& audio) {
  const auto& first = out_.cutting.chunks.front();
  auto spec = audio_spec(sound_of(audio));
  spec.duration_seconds = seconds_of(first.end - first.start) + kSoundBehind;
  std::erase_if(spec.segment_starts, [&](double start) { return start >= spec.duration_seconds; });
  FirstSound out;
  out.chunk = add_sound(audio, spec, "audio/first/" + audio.name, kAwaitedPriority);
  if (!audio.proof_stage.empty()) out.proof = add_sound_proof(audio, spec, out.chunk, kAwaitedPriority);
  return out;
}

void TranscodeBuilder::add_growing_pictures(std::size_t chunk, Growth& growth) {
  for (std::size_t i = 0; i < out_.videos.size(); ++i) {
    if (chunk == 0 && i != lowest()) continue;
    const auto& video = out_.videos[i];
    GrowTrack track{{video.name, video.file, "und", "", false}, static_cast<int>(chunk + 1)};
    track.planned_segments = out_.cutting.segments;
    track.planned_seconds = out_.duration_seconds;
    growth.params.video.push_back(std::move(track));
    growth.made_by.insert(growth.made_by.end(), video.chunk_stages.begin(),
                          video.chunk_stages.begin() + static_cast<std::ptrdiff_t>(chunk + 1));
    if (!video.proof_stages.empty()) growth.proofs.push_back(video.proof_stages[chunk]);
  }
}

// Sound that is listed further than the picture lets a browser play on without one. It then loads the segment under
// its clock instead of the next, and waits for good at the hole between them.
void TranscodeBuilder::add_growing_sound(std::size_t chunk, Growth& growth) {
  int segments = 0;
  for (std::size_t i = 0; i <= chunk; ++i) segments += static_cast<int>(out_.cutting.chunks[i].segment_starts.size());
  for (const auto& audio : out_.audios) {
    GrowTrack track{{audio.name, audio.file, audio.language, audio.title, audio.is_default}};
    track.planned_segments = static_cast<int>(audio_spec(sound_of(audio)).segment_starts.size());
    track.planned_seconds = out_.duration_seconds;
    if (!growth.params.complete) track.segments = segments;
    FirstSound sound{audio.chunk_stage, audio.proof_stage};
    // How loud a film is, only the whole of it tells.
    const bool whole = options_.loudness || out_.duration_seconds <= kShortFilmSeconds;
    if (chunk == 0 && !whole) sound = add_first_sound(audio);
    growth.made_by.push_back(sound.chunk);
    if (!sound.proof.empty()) growth.proofs.push_back(sound.proof);
    growth.params.audio.push_back(std::move(track));
  }
}

void TranscodeBuilder::add_growth_step(std::size_t chunk) {
  Growth growth;
  auto& params = growth.params;
  params.duration_seconds = out_.duration_seconds;
  params.availability_start = *watched_since_;
  params.follow_manifest = std::string(kHeadPrefix) + "manifest.mpd";
  params.target_duration_seconds = longest_segment(out_.cutting, seconds_of(1));
  params.complete = chunk + 1 == out_.cutting.chunks.size();
  add_growing_pictures(chunk, growth);
  add_growing_sound(chunk, growth);
  jobs::Stage stage;
  stage.id = stage.group = fmt::format("grow/{:04}", chunk);
  stage.kind = "grow";
  for (const auto* ids : {&growth.made_by, &growth.proofs})
    for (const auto& id : *ids) stage.inputs.push_back({"", id, {}});
  // One after the other: what is shown never shrinks.
  if (!grown_by_.empty()) stage.inputs.push_back({"", grown_by_, {}});
  stage.outputs = grow_outputs(params);
  stage.params = to_json(params);
  stage.priority = kAwaitedPriority;
  stage.cost = kPaperwork;
  grown_by_ = add(std::move(stage)).id;
}

void TranscodeBuilder::add_growth() {
  if (!grows()) return;
  const auto last = out_.cutting.chunks.size() - 1;
  for (std::size_t chunk = 0; chunk < last; chunk += std::max<std::size_t>(1, chunk / kEveryChunkUpTo))
    add_growth_step(chunk);
  add_growth_step(last);
}

jobs::Plan first_shown(const TranscodePlan& plan) {
  const auto& stages = plan.plan.stages;
  std::set<std::string> wanted;
  if (const auto grow = std::ranges::find(stages, "grow", &jobs::Stage::kind); grow != stages.end())
    wanted.insert(grow->id);
  jobs::Plan out;
  // Nothing stands before what it reads.
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    if (!wanted.contains(stage->id)) continue;
    for (const auto& input : stage->inputs)
      if (!input.stage.empty()) wanted.insert(input.stage);
    out.stages.insert(out.stages.begin(), *stage);
  }
  return out;
}

}  // namespace vf::pipeline
