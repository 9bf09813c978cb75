// One step of a job on the platform: its recipe is called with what its stages have left so far, and either
// asks for more stages or ends the job. See app/recipe.h for why it may be called again and again.
#pragma once

#include <string>
#include <variant>

#include "app/platform/job_kinds.h"
#include "blob/blob_store.h"
#include "store/assets.h"
#include "store/jobs.h"
#include "store/videos.h"

namespace vf::app {

struct DriverParts {
  blob::BlobStore& blobs;
  store::JobStore& jobs;
  store::VideoStore& videos;
  store::AssetStore& assets;
  std::string secret;           // the installation's; an owner's content keys follow from it
  std::int64_t archive_ms = 0;  // how long the files of a job are kept; 0: until it is deleted
};

using DriveStep = std::variant<store::Extension, store::Finished>;

// `round`: of the drive, so many rounds are done. Errors: what ends the job.
Result<DriveStep> drive(const DriverParts& parts, const store::Job& job, int round);

}  // namespace vf::app
