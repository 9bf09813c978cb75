// The planner of the job kind `transcode`: from what is known of a source and what was asked for, to
// the list of stages, with a reason for every stream. A pure function: the same input gives the same
// plan on every machine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "media/audio/audio_track.h"
#include "pipeline/plans/chunking.h"
#include "pipeline/plans/inspection.h"
#include "pipeline/plans/ladder.h"
#include "pipeline/plans/transcode_options.h"

namespace vf::pipeline {

// What becomes of one stream for one track of the result.
struct Decision {
  int stream = 0;
  std::string kind;    // "video", "audio", "subtitle", "data" ...
  std::string action;  // "encode", "copy", "drop"
  std::string target;  // name of the track; empty when dropped
  std::string reason;  // a clause: "it is above the cap"
};
BOOST_DESCRIBE_STRUCT(Decision, (), (stream, kind, action, target, reason))

// A track of the result and the stages that make it: "<prefix>/0000" per chunk.
struct PlannedVideo {
  std::string name;  // "1080p", or "1080p_hevc" beside other codecs
  std::string file;  // "video_1080p.mp4"
  Rung rung;
  std::string codec;
  std::int64_t max_bit_rate = 0;  // bit/s; bufsize is twice that
  bool copied = false;
  std::vector<std::string> chunk_stages;  // what the track is joined of, in order
  std::vector<std::string> proof_stages;  // what verified those
  std::string stitch_stage;               // its header
  std::string track_proof_stage;          // what verified the joined track
};

struct PlannedAudio {
  std::string name;  // "en", "en_2"
  std::string file;  // "audio_en.mp4"
  int stream = 0;
  std::string language;
  std::string title;
  bool is_default = false;
  bool copied = false;
  std::string chunk_stage;
  std::string proof_stage;
  std::string stitch_stage;
  std::string track_proof_stage;
  int channels = 0;
};

struct PlannedSubtitle {
  std::string name;
  std::string file;  // "sub_en.vtt"
  int stream = -1;   // -1: the file that came with the job
  std::string language;
  std::string title;
  bool is_default = false;
  bool is_forced = false;
  std::string stage;
};

// Expected use of the machine by the whole job; see docs/guides/transcode.md, "The dry run".
struct Prediction {
  double cpu_seconds = 0;
  std::int64_t output_bytes = 0;
  std::int64_t peak_disk_bytes = 0;  // checkpoints and the finished set together
  std::int64_t fixed_bytes = 0;      // of the output: what is copied, sound, stills, headers
  int copies_on_disk = 2;            // of the output, at the peak
};
BOOST_DESCRIBE_STRUCT(Prediction, (), (cpu_seconds, output_bytes, peak_disk_bytes, fixed_bytes, copies_on_disk))

struct TranscodePlan {
  jobs::Plan plan;
  std::vector<Decision> decisions;
  std::vector<PlannedVideo> videos;  // best first
  std::vector<PlannedAudio> audios;
  std::vector<PlannedSubtitle> subtitles;
  Cutting cutting;           // without chunks for a source without video
  double start_seconds = 0;  // of the source: time 0 of the result
  double duration_seconds = 0;
  Prediction prediction;
};

// The name of the file that holds the key of an encrypted set, as players are told.
inline constexpr const char* kKeyFile = "key.bin";

// The key that a set is encrypted with: 32 hexadecimal digits each.
struct ContentKey {
  std::string key_id;
  std::string key;
};

// Which sound tracks can be copied: by stream index, found by the stages of audio_fit_stages().
using AudioFits = std::map<int, media::audio::AudioCopyDecision>;

// Stages "audio-fit/<stream>", one a sound track. Empty where nothing may be copied.
Result<std::vector<jobs::Stage>> audio_fit_stages(const Inspection& source, const TranscodeOptions& options);

// Errors: invalid_argument (an option that does not fit this source), unsupported_input (nothing to
// stream in it, a codec that is not read).
//
// With `watched_since` (RFC 3339: when the job began) somebody may want to watch before all is done. Then stages of
// the kind `grow` tell what can be shown so far: first the lowest rendition of the first chunk, which is made by
// itself for it, later every rendition as far as it is proven. An encrypted set, or one without pictures, does not
// grow.
Result<TranscodePlan> plan_transcode(const Inspection& source, const TranscodeOptions& options, const AudioFits& fits,
                                     const std::optional<ContentKey>& key = {},
                                     const std::optional<std::string>& watched_since = {});

// The stages of a plan that lead to what is shown first; none where it does not grow.
jobs::Plan first_shown(const TranscodePlan& plan);

// A set of one rendition, the source's own pictures copied, to be shown until the real one is proven: a few
// small stages, none of which decodes them. Sound that does not fit is encoded and proven. Nothing where browsers do
// not play the source as it is, or where something else was asked for than its pictures and sound. It grows as well.
Result<std::optional<TranscodePlan>> plan_head(const Inspection& source, const TranscodeOptions& options,
                                               const AudioFits& fits, const std::string& watched_since);

// Names of a head's files begin with this: they outlive the publication of the real set for those who watch.
inline constexpr const char* kHeadPrefix = "source_";

}  // namespace vf::pipeline
