// What the server itself looks up about a video, at once and without a job: its metadata, and what a
// transcode would do with each stream, why, and at what cost. Only the probe runs, sandboxed and cached like
// any stage.
#pragma once

#include "app/platform/job_kinds.h"
#include "media/sandbox/child.h"
#include "store/checkpoint_store.h"
#include "store/videos.h"

namespace vf::app {

struct LookParts {
  blob::BlobStore& blobs;
  store::CheckpointStore& checkpoints;
  media::Nursery& nursery;
};

// `params` as the kind's check() gives them. Errors: invalid_argument for another kind than transcode, and
// what the look at the file says.
Result<json::value> plan_job(const LookParts& parts, const store::Video& video, const std::string& kind,
                             const json::value& params);

// What is in a file that is to be an asset of that kind (jobs::Kinds::NamedAsset), parsed under the owner's scope: its
// contentType, and width and height of a picture or the cues of subtitles. Errors: what parsing says.
Result<json::value> look_at_asset(const LookParts& parts, const std::string& owner, const std::string& kind,
                                  const jobs::BlobRef& blob);

// media::MediaInfo in camelCase; with `loudness` the sound is decoded and measured, which takes its time.
Result<json::value> look_at(const LookParts& parts, const store::Video& video, bool loudness);

}  // namespace vf::app
