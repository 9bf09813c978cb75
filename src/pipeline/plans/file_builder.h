// What jobs share that make one file of one film (clip, process): sound, subtitles, chapters, and the
// stage that puts it all together. Internal to the planners.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "media/effects/effect.h"
#include "media/encode/presets.h"
#include "media/mux/containers.h"
#include "media/mux/mux_spec.h"
#include "media/scale/picture_spec.h"
#include "media/verify/file.h"
#include "pipeline/plans/chunking.h"
#include "pipeline/plans/cost.h"
#include "pipeline/plans/inspection.h"
#include "pipeline/plans/transcode.h"

namespace vf::pipeline {

// The part of the film that the file shows, in ticks of its video (of microseconds without one).
struct FileRange {
  Rational base{1, 1'000'000};
  std::int64_t origin = 0;
  std::int64_t end = INT64_MAX;  // INT64_MAX: the film's end
  bool whole = true;             // nothing is cut off
};

struct SoundWishes {
  double gain_db = 0;
  std::optional<double> loudness_lufs;
  Rational speed{1, 1};
  bool changed() const { return gain_db != 0 || loudness_lufs || speed.num != speed.den; }
};

// How the pictures of the film become the file's, a chunk at a time.
struct PictureWishes {
  media::PictureSpec picture;
  media::Target target;
  media::VideoEncoder encoder;
  std::string quality = "medium";
  std::string speed_name;
  Rational fps_limit{0, 1};
  std::optional<media::effects::EffectChain> effects;
  bool one_chunk = false;  // an effect looks at the whole film
  int made_width = 0;      // of the file's pictures, where effects change the target's size
  int made_height = 0;
};

// What sets this stream's pictures upright, progressive and in the right colours.
media::PictureSpec upright(const media::StreamInfo& video);

class FileBuilder {
 public:
  FileBuilder(const Inspection& source, const media::mux::Container& container)
      : source_(source), container_(container) {
    file_.container = container.name;
    inputs_ = {{kVideoSource, "", {}}, {"", "probe", {0}}};
    plan_.stages.push_back(probe_stage(source.info.bytes, false));
  }

  void set_range(const FileRange& range);
  void set_speed(Rational speed) { file_.speed = speed; }
  const FileRange& range() const { return range_; }
  double start_seconds() const;     // on the source's clock
  double duration_seconds() const;  // of the film's part, before its speed is changed
  double seconds_of(std::int64_t ticks) const;
  std::vector<std::int64_t> shown() const;  // times of the pictures in the range

  jobs::Stage& add(jobs::Stage stage);
  int input(jobs::StageInput input);  // its number among the file's inputs
  void decide(int stream, std::string kind, std::string action, std::string target, std::string reason);
  void add_track(media::mux::MuxTrack track) { file_.tracks.push_back(std::move(track)); }

  // The main video, encoded in chunks and joined.
  Result<void> add_encoded_video(const media::StreamInfo& video, const PictureWishes& wishes);

  // Every sound track: copied where the container holds it and nothing is to be changed, else encoded.
  Result<void> add_sound(const SoundWishes& wishes);
  // Every subtitle stream but `burnt`.
  void add_subtitles(std::optional<int> burnt);
  void add_chapters();
  // Says what becomes of everything else.
  void decide_the_rest();

  // Adds the stage that proves the file, with all proofs of its parts, and returns its id.
  std::string prove(const media::verify::FileSpec& spec, const std::string& file_stage);

  // Adds the stage that writes the file and returns its id. Errors: unsupported_input (it would be empty).
  Result<std::string> finish();

  jobs::Plan take_plan() { return std::move(plan_); }
  std::vector<Decision> take_decisions() { return std::move(decisions_); }

 private:
  void encode_sound(const media::StreamInfo& sound, const SoundWishes& wishes, std::string reason);
  void convert_text(const media::StreamInfo& text);
  bool decided(int stream) const;
  void prove_pictures(const media::StreamInfo& video, const PictureWishes& wishes, const Chunk& chunk,
                      std::int64_t origin, const std::string& made);

  const Inspection& source_;
  const media::mux::Container& container_;
  FileRange range_;
  jobs::Plan plan_;
  std::vector<Decision> decisions_;
  media::mux::MuxSpec file_;
  std::vector<jobs::StageInput> inputs_;
  std::vector<std::string> proofs_;
};

}  // namespace vf::pipeline
