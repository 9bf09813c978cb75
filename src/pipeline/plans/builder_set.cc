// From verified chunks to the set: encryption, headers, manifests, verdict.
#include <algorithm>

#include "pipeline/plans/transcode_builder.h"
#include "pipeline/stages/encrypt.h"
#include "pipeline/stages/package.h"
#include "pipeline/stages/stitch.h"
#include "pipeline/stages/verify.h"
#include "pipeline/stages/verify_track.h"

namespace vf::pipeline {
namespace {

constexpr int kPriority = 50;

media::EncryptionScheme scheme_of(const std::string& name) {
  return name == "aes128" ? media::EncryptionScheme::aes128 : media::EncryptionScheme::cbcs;
}

// One initialization vector for the whole set: the manifests name it once.
std::string iv_for(const ContentKey& key) { return key.key_id.substr(0, 16) + "0000000100000000"; }

}  // namespace

void TranscodeBuilder::add_encryption() {
  if (!key_) return;
  const auto scheme = scheme_of(options_.encrypt);
  const auto encrypt = [&](const std::string& from, const std::string& id, int first_segment) {
    jobs::Stage stage;
    stage.id = "encrypt/" + id;
    stage.kind = "encrypt";
    stage.params = to_json(EncryptParams{scheme, key_->key, key_->key_id, iv_for(*key_), first_segment});
    stage.inputs = {{"", from, {0}}};
    stage.outputs = 1;
    stage.priority = kPriority;
    stage.cost = copy_cost(16 << 20);
    return add(std::move(stage)).id;
  };
  for (auto& video : out_.videos) {
    for (std::size_t c = 0; c < video.chunk_stages.size(); ++c)
      video.chunk_stages[c] =
          encrypt(video.chunk_stages[c], fmt::format("{:04}/{}", c, video.name), out_.cutting.chunks[c].first_segment);
  }
  for (auto& audio : out_.audios) {
    audio.chunk_stage = encrypt(audio.chunk_stage, "audio/" + audio.name, 0);
  }
}

void TranscodeBuilder::add_tracks() {
  const bool whole_segments = key_ && scheme_of(options_.encrypt) == media::EncryptionScheme::aes128;
  const auto stitch = [&](const std::string& id, const std::vector<std::string>& chunks, const std::string& language,
                          const std::string& title) {
    jobs::Stage stage;
    stage.id = "stitch/" + id;
    stage.kind = "stitch";
    StitchParams params{language, title, {}, !whole_segments};
    if (key_ && !whole_segments) params.key_id = key_->key_id;
    stage.params = to_json(params);
    for (const auto& chunk : chunks) stage.inputs.push_back({"", chunk, {}});
    stage.outputs = 1;
    stage.priority = kPriority;
    stage.cost = kPaperwork;
    return add(std::move(stage)).id;
  };
  // What only the key opens cannot be read as a track; its clear chunks were.
  const auto prove = [&](const std::string& id, const std::string& header, const std::vector<std::string>& chunks,
                         std::int64_t cap) {
    jobs::Stage stage;
    stage.id = "verify-track/" + id;
    stage.kind = "verify-track";
    stage.params = to_json(VerifyTrackParams{key_.has_value()});
    stage.inputs.push_back({"", header, {0}});
    if (!key_)
      for (const auto& chunk : chunks) stage.inputs.push_back({"", chunk, {0}});
    stage.priority = kPriority;
    stage.cost = copy_cost(static_cast<std::int64_t>(out_.duration_seconds * static_cast<double>(cap) / 8));
    stage.outputs = 0;
    return add(std::move(stage)).id;
  };
  for (auto& video : out_.videos) {
    video.stitch_stage = stitch(video.name, video.chunk_stages, "und", "");
    if (!head_) video.track_proof_stage = prove(video.name, video.stitch_stage, video.chunk_stages, video.max_bit_rate);
  }
  for (auto& audio : out_.audios) {
    audio.stitch_stage = stitch("audio/" + audio.name, {audio.chunk_stage}, audio.language, audio.title);
    if (!head_) audio.track_proof_stage = prove("audio/" + audio.name, audio.stitch_stage, {audio.chunk_stage}, 0);
  }
}

void TranscodeBuilder::add_package() {
  PackageParams params;
  params.duration_seconds = out_.duration_seconds;
  jobs::Stage stage;
  stage.id = stage.kind = "package";
  for (const auto& video : out_.videos) {
    params.video.push_back({video.name, video.file, "und", "", false});
    stage.inputs.push_back({"", video.stitch_stage, {}});
  }
  for (const auto& audio : out_.audios) {
    params.audio.push_back({audio.name, audio.file, audio.language, audio.title, audio.is_default});
    stage.inputs.push_back({"", audio.stitch_stage, {}});
  }
  for (const auto& text : out_.subtitles)
    params.subtitles.push_back({text.name, text.file, text.language, text.title, text.is_default, text.is_forced});
  if (key_) {
    const auto scheme = scheme_of(options_.encrypt);
    params.encryption = media::PresentationEncryption{scheme, key_->key_id, iv_for(*key_), kKeyFile, ""};
  }
  stage.outputs = package_outputs(params);
  stage.params = to_json(params);
  stage.priority = kPriority;
  stage.cost = kPaperwork;
  add(std::move(stage));
}

void TranscodeBuilder::add_verdict() {
  VerifyParams params;
  jobs::Stage stage;
  stage.id = stage.kind = "verify";
  const auto wait_for = [&](const std::string& id) { stage.inputs.push_back({"", id, {}}); };
  for (const auto& video : out_.videos) {
    params.video.push_back({video.name, video.rung.box_height, video.max_bit_rate, options_.quality,
                            out_.cutting.frames, static_cast<int>(video.proof_stages.size())});
    for (const auto& proof : video.proof_stages) wait_for(proof);
    wait_for(video.track_proof_stage);
  }
  for (const auto& audio : out_.audios) {
    params.audio.push_back(audio.name);
    wait_for(audio.proof_stage);
    wait_for(audio.track_proof_stage);
  }
  jobs::StageInput manifests{"", "package", {}};
  for (int i = 0; i < out_.plan.stages.back().outputs; ++i) manifests.blobs.push_back(i);
  stage.inputs.push_back(std::move(manifests));
  stage.params = to_json(params);
  stage.priority = kPriority;
  stage.cost = kPaperwork;
  add(std::move(stage));
}

Result<TranscodePlan> TranscodeBuilder::finish() && {
  auto& p = out_.prediction;
  for (const auto& stage : out_.plan.stages) p.cpu_seconds += stage.cost.cpu_seconds;
  constexpr std::int64_t kStillBytes = 400 << 10;
  const auto bytes = [&](double bit_rate) { return static_cast<std::int64_t>(bit_rate * out_.duration_seconds / 8); };
  p.fixed_bytes = kStillBytes;
  for (const auto& audio : out_.audios)
    p.fixed_bytes += bytes(static_cast<double>(media::audio::default_bit_rate("aac", audio.channels)));
  p.output_bytes = 0;
  for (const auto& video : out_.videos) {
    if (video.copied)
      p.fixed_bytes += bytes(static_cast<double>(video_->bit_rate));
    else
      p.output_bytes += bytes(0.6 * static_cast<double>(video.max_bit_rate));
  }
  p.output_bytes += p.fixed_bytes;
  p.copies_on_disk = key_ ? 3 : 2;  // checkpoints, encrypted ones, the published set
  p.peak_disk_bytes = p.output_bytes * p.copies_on_disk;
  return std::move(out_);
}

}  // namespace vf::pipeline
