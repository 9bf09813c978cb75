// The ways to upload: tus, a presigned PUT, a form, an address to fetch from. Each file gives its rows of the
// endpoint table; what they share is http/uploads.h.
#pragma once

#include <memory>
#include <vector>

#include "http/endpoint.h"
#include "http/uploads.h"

namespace vf::http {

// All of them. The platform outlives the router.
std::vector<Endpoint> upload_endpoints(Platform& platform);

using SharedUploads = std::shared_ptr<UploadContext>;
std::vector<Endpoint> tus_endpoints(const SharedUploads& uploads);
std::vector<Endpoint> presigned_endpoints(const SharedUploads& uploads);
std::vector<Endpoint> form_endpoints(const SharedUploads& uploads);
std::vector<Endpoint> import_endpoints(const SharedUploads& uploads);

// {"videoId", "jobId"}
Response accepted_response(int status, const store::UploadStore::Made& made);

}  // namespace vf::http
