// The steps of plan_transcode(), in the order in which it calls them. Internal to plans.
#pragma once

#include "media/encode/presets.h"
#include "pipeline/plans/cost.h"
#include "pipeline/plans/transcode.h"
#include "pipeline/stage_kind.h"
#include "pipeline/stages/grow.h"

namespace vf::pipeline {

// Small stages that read results only.
inline constexpr jobs::StageCost kPaperwork{0.02, 64LL << 20, 4LL << 20};

class TranscodeBuilder {
 public:
  TranscodeBuilder(const Inspection& source, const TranscodeOptions& options, const AudioFits& fits,
                   const std::optional<ContentKey>& key, const std::optional<std::string>& watched_since)
      : source_(source), options_(options), fits_(fits), key_(key), watched_since_(watched_since) {}

  Result<void> choose_streams();
  Result<void> choose_pictures();
  Result<void> cut();
  Result<void> choose_encoders();
  void add_probe();
  void add_video();
  void add_audio();
  void add_subtitles();
  void add_stills();
  void add_growth();
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
  const media::StreamInfo& sound_of(const PlannedAudio& audio) const;
  // The stage's id.
  std::string add_sound(const PlannedAudio& audio, const media::audio::AudioSpec& spec, std::string id, int priority);
  std::string add_sound_proof(const PlannedAudio& audio, const media::audio::AudioSpec& spec,
                              const std::string& made_by, int priority);
  bool grows() const;
  // Lower for later chunks where somebody watches; else the longest goes first.
  int in_turn(int priority, std::size_t chunk) const;
  // Whether this rendition of this chunk is what is shown first.
  bool is_awaited(std::size_t chunk, std::size_t video) const;
  std::size_t lowest() const;
  struct FirstSound {
    std::string chunk;
    std::string proof;  // empty: copied, and shown as it is
  };
  // A stage `grow` on its way to the list.
  struct Growth {
    GrowParams params;
    std::vector<std::string> made_by;  // the tracks' chunks
    std::vector<std::string> proofs;
  };
  FirstSound add_first_sound(const PlannedAudio& audio);
  void add_growing_pictures(std::size_t chunk, Growth& growth);
  void add_growing_sound(std::size_t chunk, Growth& growth);
  void add_growth_step(std::size_t chunk);
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
  const std::optional<std::string>& watched_since_;

  bool head_ = false;  // the source as it is, at once and unproven
  TranscodePlan out_;
  const media::StreamInfo* video_ = nullptr;
  std::vector<const media::StreamInfo*> sounds_;
  std::vector<const media::StreamInfo*> texts_;
  std::optional<int> burn_stream_;
  media::PictureSpec picture_;
  int timescale_ = 0;
  std::vector<media::VideoEncoder> encoders_;  // one a planned video
  std::string grown_by_;                       // the last stage so far that shows something
};

}  // namespace vf::pipeline
