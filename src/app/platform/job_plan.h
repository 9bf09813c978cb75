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

// media::MediaInfo in camelCase; with `loudness` the sound is decoded and measured, which takes its time.
Result<json::value> look_at(const LookParts& parts, const store::Video& video, bool loudness);

}  // namespace vf::app
