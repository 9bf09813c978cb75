#include "pipeline/plans/transcode.h"

#include <algorithm>
#include <cmath>

#include "pipeline/plans/cost.h"
#include "pipeline/plans/fit.h"
#include "pipeline/plans/transcode_builder.h"

namespace vf::pipeline {

// The whole job as one list. Each step adds its stages and its reasons.
Result<TranscodePlan> plan_transcode(const Inspection& source, const TranscodeOptions& options, const AudioFits& fits,
                                     const std::optional<ContentKey>& key,
                                     const std::optional<std::string>& watched_since) {
  VF_CHECK(check(options));
  TranscodeBuilder builder(source, options, fits, key, watched_since);
  VF_CHECK(builder.choose_streams());   // what is shown, what is heard, what can only be dropped
  VF_CHECK(builder.choose_pictures());  // upright, cropped, deinterlaced, tone-mapped; the rungs
  VF_CHECK(builder.cut());              // chunks and segments, from the source's own frame times
  VF_CHECK(builder.choose_encoders());  // settings, from the tables of media/encode
  builder.add_probe();
  builder.add_video();  // encode or copy each chunk, then decode what was written
  builder.add_audio();  // each sound track whole, then measure it against the source
  builder.add_subtitles();
  builder.add_stills();      // poster and storyboard
  builder.add_growth();      // what can be watched before the end
  builder.add_encryption();  // after the proof: what is encrypted was verified
  builder.add_tracks();      // headers, and the joined tracks' structure
  builder.add_package();     // playlists and manifest
  builder.add_verdict();     // the whole set, before it gets its final names
  return std::move(builder).finish();
}

Result<std::optional<TranscodePlan>> plan_head(const Inspection& source, const TranscodeOptions& options,
                                               const AudioFits& fits, const std::string& watched_since) {
  TranscodeOptions plain = options;
  plain.subtitles = "none";
  const bool changed = options.clip || options.crop || options.watermark || options.loudness || !options.copy ||
                       options.subtitles == "burn" || options.encrypt != "none";
  if (changed) return std::nullopt;
  const std::optional<ContentKey> no_key;
  const std::optional since(watched_since);
  TranscodeBuilder builder(source, plain, fits, no_key, since);
  VF_CHECK(builder.choose_streams());
  if (!builder.take_source_as_it_is()) return std::nullopt;
  VF_CHECK(builder.cut());
  builder.join_chunks();
  builder.add_video();
  builder.add_audio();
  builder.add_growth();
  builder.add_tracks();
  builder.add_package();
  return std::optional(VF_TRY(std::move(builder).finish()));
}

}  // namespace vf::pipeline
