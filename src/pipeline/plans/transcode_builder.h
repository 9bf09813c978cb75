// The steps of plan_transcode(), in the order in which it calls them. Internal to plans.
#pragma once

#include "media/encode/presets.h"
#include "pipeline/plans/cost.h"
#include "pipeline/plans/transcode.h"

namespace vf::pipeline {

class TranscodeBuilder {
 public:
  TranscodeBuilder(const Inspection& source, const TranscodeOptions& options, const AudioFits& fits,
                   const std::optional<ContentKey>& key)
      : source_(source), options_(options), fits_(fits), key_(key) {}

  Result<void> choose_streams();
  Result<void> choose_pictures();
  Result<void> cut();
  Result<void> choose_encoders();
  void add_probe();
  void add_video();
  void add_audio();
  void add_subtitles();
  void add_stills();
  void add_encryption();
  void add_tracks();
  void add_package();
  void add_verdict();
  Result<TranscodePlan> finish() &&;

  // The steps of plan_head().
  bool take_source_as_it_is();
  void join_chunks();

 private:
  struct ClipTicks {
    std::int64_t from;
    std::int64_t to;
  };

  jobs::Stage& add(jobs::Stage stage);
  void decide(int stream, std::string kind, std::string action, std::string target, std::string reason);
  void drop_unused();
  Result<void> choose_burn();
  ClipTicks clip_ticks() const;
  std::optional<std::string> why_no_copy(const Rung& rung, const std::string& codec, std::int64_t cap) const;
  void choose_rung(const Rung& rung, const std::string& codec, bool first_codec);
  void add_encodes(std::size_t chunk);
  void add_copies(std::size_t chunk);
  void add_proofs(std::size_t chunk);
  media::audio::AudioSpec audio_spec(const media::StreamInfo& sound) const;
  std::vector<jobs::StageInput> picture_inputs() const;
  std::vector<double> audio_segment_starts(double sound_end) const;
  std::string unique_name(std::string wanted, const std::vector<std::string>& taken) const;
  Footage footage(const Rung& rung, const Chunk& chunk) const;
  double seconds_of(std::int64_t ticks) const;

  const Inspection& source_;
  const TranscodeOptions& options_;
  const AudioFits& fits_;
  const std::optional<ContentKey>& key_;

  bool head_ = false;  // the source as it is, at once and unproven
  TranscodePlan out_;
  const media::StreamInfo* video_ = nullptr;
  std::vector<const media::StreamInfo*> sounds_;
  std::vector<const media::StreamInfo*> texts_;
  std::optional<int> burn_stream_;
  media::PictureSpec picture_;
  int timescale_ = 0;
  std::vector<media::VideoEncoder> encoders_;  // one a planned video
};

}  // namespace vf::pipeline
